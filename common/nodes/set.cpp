#include "common/workflow/types/set.hpp"

#include "common/nodes/body.hpp"

namespace r8r::nodes {
namespace {

// Puts the value at its place, making objects on the way.
void assign(expr::Value& object, const std::vector<std::string>& steps, expr::Value value) {
  expr::Value* at = &object;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    if (!at->is_map()) *at = expr::Value::map({});
    expr::Map& map = at->mutable_map();
    if (!map.contains(steps[i])) map.set(steps[i], expr::Value::map({}));
    at = map.find_mutable(steps[i]);
  }
  if (!at->is_map()) *at = expr::Value::map({});
  at->mutable_map().set(steps.back(), std::move(value));
}

std::optional<Failure> assign_all(Call& call, const workflow::Assignments* assignments, expr::Value& object) {
  if (assignments == nullptr) return std::nullopt;
  for (const workflow::Assignment& assignment : assignments->all) {
    BodyResult value = call.evaluate(assignment.value, assignment.place);
    if (!value) return std::move(value.error());
    assign(object, assignment.steps, std::move(*value));
  }
  return std::nullopt;
}

}  // namespace

BodyResult run_set(Call& call) {
  const auto& config = call.config_as<workflow::SetConfig>();
  expr::Value output = config.keep_input && call.input.is_map() ? call.input : expr::Value::map({});
  if (auto failed = assign_all(call, config.values.get(), output)) return tl::make_unexpected(std::move(*failed));
  if (auto failed = assign_all(call, config.fields.get(), output)) return tl::make_unexpected(std::move(*failed));
  return output;
}

}  // namespace r8r::nodes
