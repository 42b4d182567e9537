#include "common/nodes/conditions.hpp"
#include "common/nodes/list.hpp"

namespace r8r::nodes {
namespace {

// What all items together may cost: honest work grows with the list, so the bound does too.
constexpr std::int64_t kStepsPerItem = 100;

}  // namespace

BodyResult run_filter(Call& call) {
  const auto& config = call.config_as<workflow::FilterConfig>();
  const BodyResult list = list_of(call, config);
  if (!list) return list;
  const auto test = ConditionTest::prepare(config.conditions, call.context);
  if (!test) return tl::make_unexpected(test.error());
  expr::Scope scope = call.context.scope;
  const expr::Limits limits = call.context.limits;
  expr::EvalContext context = call.context.with(scope);
  const std::vector<expr::Value>& items = list->as_array();
  const std::int64_t steps = limits.operations + kStepsPerItem * static_cast<std::int64_t>(items.size());
  std::vector<expr::Value> passed;
  for (std::size_t i = 0; i < items.size(); ++i) {
    scope.set_item(items[i], static_cast<std::int64_t>(i));
    context.limits.operations = std::min(limits.operations, steps - context.used);
    const auto holds = test->holds(items[i], context);
    if (!holds) return failure(holds.error().code, fmt::format("item {}: {}", i, holds.error().message));
    if (*holds) passed.push_back(items[i]);
  }
  return expr::Value::array(std::move(passed));
}

}  // namespace r8r::nodes
