#include "common/workflow/start_limit.hpp"

#include "common/expr/json.hpp"

namespace r8r::workflow {
namespace {

constexpr std::size_t kMaxKey = 255;

}  // namespace

bool has_start_limits(const Workflow& workflow) {
  return workflow.settings.max_concurrent_executions.has_value() || workflow.settings.rate_limit.has_value();
}

namespace {

std::string key_of(const Workflow& workflow, std::string_view input) {
  const auto& limit = workflow.settings.rate_limit;
  if (!limit || !limit->key) return std::string();
  const auto value = expr::parse_json(input);
  if (!value) return std::string();
  expr::Scope scope;
  scope.set_input(*value);
  scope.set_variables(workflow.variables);
  expr::EvalContext context{.scope = scope};
  const Result<expr::Value> key = limit->key->evaluate(context);
  if (!key || key->is_null()) return std::string();
  std::string text = key->is_string() ? std::string(key->as_string()) : expr::to_json(*key);
  if (text.size() > kMaxKey || text.find('\0') != std::string::npos) {
    // As good as any other name for the same thing.
    text = Uuid::derived(std::chrono::milliseconds(0), text).to_string();
  }
  return text;
}

}  // namespace

std::optional<StartLimit> start_limit(const Workflow& workflow, std::string_view input) {
  if (!has_start_limits(workflow)) return std::nullopt;
  StartLimit limit;
  limit.key = key_of(workflow, input);
  // A limit on the workflow as a whole counts all its executions.
  if (!workflow.settings.max_concurrent_executions) limit.group = limit.key;
  return limit;
}

int limited_partition(const Uuid& workflow_id, const std::string& group, int partitions) {
  const Uuid place = Uuid::derived(std::chrono::milliseconds(0), workflow_id.to_string() + " " + group);
  return partition_of(place, partitions);
}

}  // namespace r8r::workflow
