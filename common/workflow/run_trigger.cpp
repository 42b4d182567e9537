#include "common/workflow/run_trigger.hpp"

#include <fmt/format.h>

#include "common/expr/json.hpp"

namespace r8r::workflow {
namespace {

using expr::Value;

Result<std::string> checked(const Workflow& workflow, const Value& input) {
  const std::string text = expr::to_json(input);
  if (text.size() > kMaxInputBytes) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the input that the trigger makes has {} bytes, {} at most", text.size(), kMaxInputBytes));
  }
  return check_input(workflow, text);
}

}  // namespace

std::vector<std::pair<std::size_t, std::string>> cron_triggers(const Workflow& workflow) {
  std::vector<std::pair<std::size_t, std::string>> found;
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < workflow.triggers.size(); ++i) {
    const auto& cron = workflow.triggers[i].cron;
    if (!cron) continue;
    std::string key = fmt::format("{} {}", cron->schedule.text(), cron->timezone);
    if (const int times = ++seen[key]; times > 1) key += fmt::format(" #{}", times);
    found.emplace_back(i, std::move(key));
  }
  return found;
}

Result<std::string> cron_input(const Workflow& workflow, const CronTrigger& trigger, Timestamp scheduled_at,
                               const TriggerContext& context) {
  const Value time = Value::string(to_rfc3339(scheduled_at));
  expr::Map brought;
  brought.set("scheduled_at", time);
  if (!trigger.input) return checked(workflow, Value::map(std::move(brought)));

  expr::Scope scope;
  scope.set_input(Value::map(brought));
  scope.set("scheduled_at", time);
  scope.set_variables(workflow.variables);
  scope.set_env(context.env);
  expr::EvalContext evaluation{.scope = scope, .now = context.now, .seed = context.seed};
  evaluation.limits.operations = kTriggerSteps;
  Result<Value> shaped = trigger.input->evaluate(evaluation);
  if (!shaped)
    return fail(ErrorCode::invalid_input, fmt::format("'input' of the cron trigger: {}", shaped.error().message));
  if (!shaped->is_map())
    return fail(ErrorCode::invalid_input, "'input' of the cron trigger did not give a map of fields");
  for (const auto& entry : shaped->as_map()) {
    if (entry.key() != "scheduled_at") brought.set(entry.name, entry.value);
  }
  return checked(workflow, Value::map(std::move(brought)));
}

}  // namespace r8r::workflow
