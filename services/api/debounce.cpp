#include "services/api/debounce.hpp"

#include <fmt/format.h>

#include "common/base/json_text.hpp"
#include "common/base/log.hpp"
#include "common/bus/subjects.hpp"
#include "common/expr/json.hpp"
#include "common/workflow/run_trigger.hpp"
#include "common/workflow/start_limit.hpp"
#include "services/api/sha256.hpp"

namespace r8r::api {
namespace {

constexpr std::size_t kMaxKey = 255;

expr::Value member(const expr::Value& map, std::string_view name) {
  const expr::Value* found = map.is_map() ? map.as_map().find(name) : nullptr;
  return found == nullptr ? expr::Value() : *found;
}

Result<std::string> rendered_key(const workflow::Workflow& workflow, const expr::ValueTemplate& key,
                                 const DebouncedRequest& request, const expr::Value& env) {
  Result<expr::Value> input = expr::parse_json(request.input);
  if (!input) return fail(std::move(input.error()));
  const Result<expr::Value> facts = expr::parse_json(request.facts);
  if (!facts) return fail(facts.error());
  workflow::WebhookFacts call;
  call.body = request.envelope ? member(*input, "body") : *input;
  call.input = std::move(*input);
  call.headers = member(*facts, "headers");
  call.query = member(*facts, "query");
  const Timestamp now = wall_now();
  return workflow::webhook_key(workflow, key, call,
                               {.env = env, .now = now, .seed = static_cast<std::uint64_t>(to_unix_us(now))});
}

std::string hashed(std::string_view text) {
  return "sha256:" + sha256_hex(text);
}

}  // namespace

std::string debounce_key(const workflow::Workflow& workflow, const workflow::Debounce& debounce,
                         const DebouncedRequest& request, const expr::Value& env) {
  std::string key(request.path);
  if (debounce.key) {
    Result<std::string> rendered = rendered_key(workflow, *debounce.key, request, env);
    if (!rendered) {
      log::debug("a call has no debounce key: the hash of its body is taken",
                 {{"workflow", workflow.name}, {"error", rendered.error().message}});
      return hashed(request.body);
    }
    key = std::move(*rendered);
  }
  const bool fits = key.size() <= kMaxKey && key.find('\0') == std::string::npos && is_valid_utf8(key);
  return fits ? key : hashed(key);
}

std::string webhook_name(const workflow::WebhookTrigger& trigger) {
  return fmt::format("{} {}", trigger.methods.empty() ? "ANY" : fmt::format("{}", fmt::join(trigger.methods, ",")),
                     trigger.path);
}

awaitable<Result<store::Debounced>> Debouncer::accept(NewRun run, const workflow::WebhookTrigger& trigger,
                                                      std::string key) {
  if (Result<void> room = parts_.backlog.admit(); !room) co_return fail(std::move(room.error()));
  store::DebouncedCall call;
  call.trigger = webhook_name(trigger);
  call.key = std::move(key);
  call.called_at = wall_now();
  call.latest_start = call.called_at + trigger.debounce->max_wait;

  store::EventExecution& execution = call.execution;
  execution.id = Uuid::v7();
  execution.delayed = true;
  execution.time = call.called_at + trigger.debounce->wait;
  if (auto limit = workflow::start_limit(*run.workflow, run.input)) {
    execution.partition = parts_.publisher.limited_partition(run.workflow_id, limit->group);
    execution.limit_key = std::move(limit->key);
  } else {
    execution.partition = parts_.publisher.partition_of(execution.id);
  }
  execution.workflow_id = run.workflow_id;
  execution.workflow_version = run.workflow_version;
  execution.workflow_name = std::move(run.workflow_name);
  execution.trigger_type = std::move(run.trigger_type);
  execution.input = std::move(run.input);
  execution.webhook = std::move(run.webhook);
  execution.correlation_id = std::move(run.correlation_id);
  execution.traceparent = std::move(run.traceparent);
  Result<store::Debounced> debounced = co_await parts_.queue.accept(std::move(call));
  // Losing it costs time only: schedulers look by themselves.
  if (debounced) parts_.bus.publish(bus::kDelayedStarts, std::to_string(to_unix_us(debounced->run_at)));
  co_return debounced;
}

http::Response debounced_answer(const store::Debounced& debounced, std::string_view key) {
  const std::string id = debounced.id.to_string();
  std::string body = fmt::format(
      R"({{"status":"accepted","message":"The execution starts at {}, or later when more calls with this key come, )"
      R"(with the input of the last one","execution_id":"{}","debounce_key":)",
      to_rfc3339(debounced.run_at), id);
  append_json_string(body, key);
  http::Response response = http::Response::json(202, body + '}');
  response.headers.emplace_back("Location", "/api/executions/" + id);
  return response;
}

}  // namespace r8r::api
