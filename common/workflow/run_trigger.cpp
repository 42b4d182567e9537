#include "common/workflow/run_trigger.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/expr/json.hpp"

namespace r8r::workflow {
namespace {

using expr::Value;

tl::unexpected<Error> too_large(std::size_t bytes) {
  return fail(ErrorCode::invalid_input,
              fmt::format("the input that the trigger makes has {} bytes, {} at most", bytes, kMaxInputBytes));
}

Result<std::string> checked(const Workflow& workflow, const Value& input) {
  const std::string text = expr::to_json(input);
  if (text.size() > kMaxInputBytes) return too_large(text.size());
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

namespace {

/// The evaluations of one trigger, which share its steps.
class TriggerEvaluation {
 public:
  TriggerEvaluation(const expr::Scope& scope, const TriggerContext& context)
      : evaluation_{.scope = scope, .now = context.now, .seed = context.seed} {}

  Result<bool> holds(const expr::Program& condition, std::string_view what) {
    bound();
    Result<Value> value = expr::evaluate(condition, evaluation_);
    if (!value) return fail(ErrorCode::invalid_input, fmt::format("{}: {}", what, value.error().message));
    if (!value->is_bool())
      return fail(ErrorCode::invalid_input,
                  fmt::format("{} must give true or false, not {}", what, expr::to_json(*value)));
    return value->as_bool();
  }
  Result<Value> value(const expr::ValueTemplate& shape) {
    bound();
    Result<Value> value = shape.evaluate(evaluation_);
    if (!value)
      return fail(ErrorCode::invalid_input, fmt::format("'input' of the event trigger: {}", value.error().message));
    return value;
  }

 private:
  void bound() { evaluation_.limits.operations = std::max<std::int64_t>(kTriggerSteps - evaluation_.used, 0); }

  expr::EvalContext evaluation_;
};

}  // namespace

Result<std::optional<EventStart>> event_start(const Workflow& workflow, const EventTrigger& trigger,
                                              const EventFacts& event, const TriggerContext& context) {
  if (trigger.json_path && trigger.json_path->find(event.data) == nullptr) return std::optional<EventStart>();
  expr::Map facts;
  facts.set("event", Value::string(event.name));
  facts.set("data", event.data);
  facts.set("source", event.source);
  facts.set("correlation_id", Value::string(event.correlation_id));
  expr::Scope scope;
  for (const auto& fact : facts) scope.set(fact.key(), fact.value);
  const Value all = Value::map(std::move(facts));
  scope.set_input(all);
  scope.set_variables(workflow.variables);
  scope.set_env(context.env);

  TriggerEvaluation evaluation(scope, context);
  if (trigger.filter) {
    const Result<bool> counts = evaluation.holds(*trigger.filter, "'filter'");
    if (!counts) return fail(counts.error());
    if (!*counts) return std::optional<EventStart>();
  }
  EventStart start;
  for (std::size_t i = 0; i < trigger.routing.size(); ++i) {
    const Result<bool> leads =
        evaluation.holds(trigger.routing[i].condition, fmt::format("'routing[{}].condition'", i));
    if (!leads) return fail(leads.error());
    if (!*leads) continue;
    start.workflow = trigger.routing[i].target_workflow;
    break;
  }
  Result<Value> input = trigger.input ? evaluation.value(*trigger.input) : Result<Value>(all);
  if (!input) return fail(std::move(input.error()));
  start.input = expr::to_json(*input);
  if (start.input.size() > kMaxInputBytes) return too_large(start.input.size());
  return std::optional<EventStart>(std::move(start));
}

Result<std::string> webhook_key(const Workflow& workflow, const expr::ValueTemplate& key, const WebhookFacts& call,
                                const TriggerContext& context) {
  expr::Scope scope;
  scope.set_input(call.input);
  scope.set("body", call.body);
  scope.set("headers", call.headers);
  scope.set("query", call.query);
  scope.set_variables(workflow.variables);
  scope.set_env(context.env);
  expr::EvalContext evaluation{.scope = scope, .now = context.now, .seed = context.seed};
  evaluation.limits.operations = kTriggerSteps;
  Result<Value> value = key.evaluate(evaluation);
  if (!value) return fail(ErrorCode::invalid_input, fmt::format("'key': {}", value.error().message));
  if (value->is_null()) return fail(ErrorCode::invalid_input, "'key' gives null");
  std::string text = value->is_string() ? std::string(value->as_string()) : expr::to_json(*value);
  if (text.empty()) return fail(ErrorCode::invalid_input, "'key' gives an empty text");
  return text;
}

}  // namespace r8r::workflow
