#include "services/api/event_publisher.hpp"

#include <fmt/format.h>

#include "common/base/json_text.hpp"
#include "common/base/log.hpp"
#include "common/base/metrics.hpp"
#include "common/bus/subjects.hpp"
#include "common/expr/json.hpp"
#include "common/workflow/run_trigger.hpp"
#include "common/workflow/start_limit.hpp"
#include "services/api/api_error.hpp"
#include "services/api/idempotency.hpp"
#include "services/api/request_body.hpp"

namespace r8r::api {
namespace {

constexpr std::size_t kMostStarted = 1'000;
constexpr std::size_t kMostInputBytes = 64 * 1024 * 1024;

std::string member_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) out += (out.size() > 1 ? "," : "") + item;
  return out + "]";
}

std::string entry_of(const std::string& workflow, std::string_view key, std::string_view value) {
  std::string out = "{\"workflow\":";
  append_json_string(out, workflow);
  fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
  append_json_string(out, value);
  return out + "}";
}

/// What `execution.event` is in all that it starts: the event without its data, which may be large.
std::string envelope_of(const NewEvent& event, Timestamp now) {
  std::string out = "{\"event\":";
  append_json_string(out, event.name);
  out += ",\"source\":";
  if (event.source) {
    append_json_string(out, *event.source);
  } else {
    out += "null";
  }
  out += ",\"correlation_id\":";
  append_json_string(out, event.correlation_id);
  out += ",\"published_at\":";
  append_json_string(out, to_rfc3339(now));
  return out + "}";
}

}  // namespace

/// What one event starts, as it is found out.
struct EventPublisher::Plan {
  workflow::EventFacts facts;
  workflow::TriggerContext context;
  std::string envelope;
  std::vector<store::EventExecution> executions;
  std::size_t input_bytes = 0;
  std::vector<std::string> triggered;  // JSON objects
  std::vector<std::string> failed;

  void refuse(const std::string& name, const EventSubscriber& subscriber, const std::string& why) {
    failed.push_back(entry_of(name, "error", why));
    log::warn("an event could not start a workflow",
              {{"event", facts.name}, {"workflow", name}, {"trigger_of", subscriber.row.name}, {"error", why}});
  }
};

Result<void> check_event_name(std::string_view name) {
  const auto refuse = [](const char* why) { return invalid_field("event", fmt::format("field 'event' {}", why)); };
  if (name.empty() || character_count(name) > 128) return refuse("must have 1 to 128 characters");
  if (!is_valid_utf8(name)) return refuse("must be UTF-8");
  if (has_control_characters(name) || name.find(' ') != std::string_view::npos)
    return refuse("must not contain blanks or control characters");
  if (name.front() == '.' || name.back() == '.' || name.find("..") != std::string_view::npos)
    return refuse("must not have an empty part between dots");
  return {};
}

awaitable<Result<PublishedEvent>> EventPublisher::publish(NewEvent event) {
  if (Result<void> named = check_event_name(event.name); !named) co_return fail(std::move(named.error()));
  Result<expr::Value> data = expr::parse_json(event.data);
  if (!data) co_return invalid_field("data", fmt::format("field 'data': {}", data.error().message));
  Result<std::vector<EventSubscriber>> subscribers = co_await parts_.subscribers.of(event.name);
  if (!subscribers) co_return fail(std::move(subscribers.error()));

  const Uuid id = Uuid::v7();
  if (event.correlation_id.empty()) event.correlation_id = id.to_string();
  const auto plan = std::make_unique<Plan>();
  plan->facts = {event.name, std::move(*data), event.source ? expr::Value::string(*event.source) : expr::Value(),
                 event.correlation_id};
  plan->context = {.env = parts_.env, .now = wall_now(), .seed = std::hash<Uuid>()(id)};
  plan->envelope = envelope_of(event, plan->context.now);
  for (const EventSubscriber& subscriber : *subscribers) {
    Result<void> planned = co_await start_one(subscriber, event, *plan);
    if (!planned) co_return fail(std::move(planned.error()));
    // Others get their turn between the expressions of two triggers.
    co_await asio::post(parts_.io, asio::use_awaitable);
  }

  if (!plan->executions.empty()) {
    if (Result<void> room = parts_.backlog.admit(); !room) co_return fail(std::move(room.error()));
  }
  PublishedEvent published{.id = id};
  published.triggered =
      fmt::format(R"("triggered":{},"failed":{})", member_list(plan->triggered), member_list(plan->failed));
  store::EventRecord record{.id = id, .idempotency_key = event.idempotency_key, .answer = published.triggered};
  if (!event.idempotency_key.empty()) {
    const std::string what = event.name + '\0' + event.source.value_or("");
    record.fingerprint = fingerprint_of(what, event.data);
  }
  const std::string fingerprint = record.fingerprint;
  Result<store::RecordedEvent> recorded = co_await events_.record(std::move(record), plan->executions);
  if (!recorded) co_return fail(std::move(recorded.error()));
  if (!recorded->created) {
    published.id = recorded->id;
    published.triggered = std::move(recorded->answer);
    published.replayed = true;
    published.mismatch = recorded->fingerprint != fingerprint;
    co_return published;
  }
  tell_schedulers(*plan);
  co_return published;
}

// Adds what one trigger starts to the plan. Errors: of the database, and what refuses the whole event.
awaitable<Result<void>> EventPublisher::start_one(const EventSubscriber& subscriber, const NewEvent& event,
                                                  Plan& plan) {
  const workflow::EventTrigger& trigger = subscriber.trigger();
  auto start = workflow::event_start(*subscriber.workflow, trigger, plan.facts, plan.context);
  if (!start) {
    plan.refuse(subscriber.row.name, subscriber, start.error().message);
    co_return Result<void>();
  }
  if (!*start) co_return Result<void>();

  store::WorkflowRow row = subscriber.row;
  Catalog::Entry workflow = subscriber.workflow;
  if (const std::string target = (*start)->workflow; !target.empty() && target != row.name) {
    Result<DirectoryEntryPtr> entry = co_await parts_.directory.find(target);
    if (!entry && entry.error().code != ErrorCode::workflow_not_found) co_return fail(std::move(entry.error()));
    if (!entry || !(*entry)->workflow || !(*entry)->row.enabled) {
      plan.refuse(target, subscriber,
                  fmt::format("workflow '{}', where the event is routed, {}", target,
                              !entry ? "does not exist" : "is disabled or not valid"));
      co_return Result<void>();
    }
    row = (*entry)->row;
    workflow = (*entry)->workflow;
  }
  Result<std::string> input = workflow::check_input(*workflow, (*start)->input);
  if (!input) {
    plan.refuse(row.name, subscriber, input.error().message);
    co_return Result<void>();
  }
  plan.input_bytes += input->size();
  if (plan.executions.size() >= kMostStarted || plan.input_bytes > kMostInputBytes) {
    co_return fail(ErrorCode::payload_too_large,
                   fmt::format("the event would start more than {} executions, or need more than {} MiB of input for "
                               "them; nothing was started",
                               kMostStarted, kMostInputBytes >> 20));
  }
  store::EventExecution execution;
  execution.id = Uuid::v7();
  if (auto limit = workflow::start_limit(*workflow, *input)) {
    execution.partition = parts_.publisher.limited_partition(row.id, limit->group);
    execution.limit_key = std::move(limit->key);
  } else {
    execution.partition = parts_.publisher.partition_of(execution.id);
  }
  execution.workflow_id = row.id;
  execution.workflow_version = row.version;
  execution.workflow_name = row.name;
  execution.delayed = trigger.delay.count() > 0;
  execution.trigger_type = (execution.delayed ? "delayed_event:" : "event:") + event.name;
  execution.input = std::move(*input);
  execution.correlation_id = event.correlation_id;
  execution.traceparent = event.traceparent;
  execution.event = plan.envelope;
  execution.time = plan.context.now + trigger.delay;
  plan.triggered.push_back(execution.delayed ? entry_of(row.name, "run_at", to_rfc3339(execution.time))
                                             : entry_of(row.name, "execution_id", execution.id.to_string()));
  plan.executions.push_back(std::move(execution));
  co_return Result<void>();
}

// Losing any of this costs time only: the sweep and the schedulers' own looks find the rows.
void EventPublisher::tell_schedulers(const Plan& plan) {
  static metrics::Counter accepted =
      metrics::counter("r8r_executions_accepted_total", "Executions made durable", {{"trigger_type", "event"}});
  std::optional<Timestamp> first_delayed;
  for (const store::EventExecution& execution : plan.executions) {
    if (execution.delayed) {
      first_delayed = first_delayed ? std::min(*first_delayed, execution.time) : execution.time;
      continue;
    }
    accepted.add();
    parts_.backlog.accepted();
    bus::ExecRequest request;
    request.execution_id = execution.id;
    request.partition = execution.partition;
    request.workflow_id = execution.workflow_id;
    request.workflow_version = execution.workflow_version;
    request.workflow_name = execution.workflow_name;
    request.trigger_type = execution.trigger_type;
    request.correlation_id = execution.correlation_id;
    request.event = execution.event;
    if (execution.input.size() <= bus::kInlinePayloadLimit) request.input = execution.input;
    request.accepted_at = execution.time;
    request.limited = execution.limit_key.has_value();
    request.limit_key = execution.limit_key.value_or("");
    parts_.publisher.publish(request);
  }
  if (first_delayed) parts_.bus.publish(bus::kDelayedStarts, std::to_string(to_unix_us(*first_delayed)));
}

}  // namespace r8r::api
