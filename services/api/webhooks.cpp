#include "services/api/webhooks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/metrics.hpp"
#include "services/api/api_error.hpp"
#include "services/api/execute_request.hpp"
#include "services/api/execution_json.hpp"
#include "services/api/webhook_answer.hpp"
#include "services/api/webhook_input.hpp"

namespace r8r::api {
namespace {

constexpr std::string_view kPrefix = "/webhooks/";

void count(const char* outcome) {
  metrics::counter("r8r_webhook_requests_total", "Webhook calls by outcome", {{"outcome", outcome}}).add();
}

// Methods as an Allow header wants them.
void add_allowed(std::vector<std::string>& allowed, const std::vector<std::string>& methods) {
  static const std::vector<std::string> any = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  for (const std::string& method : methods.empty() ? any : methods) {
    if (std::find(allowed.begin(), allowed.end(), method) == allowed.end()) allowed.push_back(method);
  }
}

http::Response method_refused(const http::Request& request, const std::vector<std::string>& allowed) {
  http::Response response = error_response(
      request, ApiError(ErrorCode::method_not_allowed, fmt::format("{} is not allowed here; allowed: {}",
                                                                   request.method_name, fmt::join(allowed, ", "))));
  response.headers.emplace_back("Allow", fmt::format("{}", fmt::join(allowed, ", ")));
  return response;
}

}  // namespace

awaitable<std::optional<http::Response>> Webhooks::handle(http::Request& request, std::string path,
                                                          Admission::Slot& slot) {
  Result<std::optional<Call>> call = co_await resolve(request, path);
  if (!call) co_return error_response(request, std::move(call.error()));
  if (!*call) {
    count("not_found");
    co_return std::nullopt;
  }
  if (request.method == http::Method::options) {
    http::Response response = http::Response::empty(204);
    response.headers.emplace_back("Allow", fmt::format("{}", fmt::join((*call)->allowed, ", ")));
    co_return response;
  }
  if (!(*call)->trigger) {
    count("method_not_allowed");
    co_return method_refused(request, (*call)->allowed);
  }
  http::Response response = co_await run(request, std::move(path), std::move(**call), slot);
  co_return response;
}

awaitable<Result<std::optional<Webhooks::Call>>> Webhooks::resolve(const http::Request& request, std::string path) {
  Call call;
  // The workflow's own name: POST always, and whatever methods its triggers declare.
  if (path.starts_with(kPrefix) && is_workflow_name(std::string_view(path).substr(kPrefix.size()))) {
    Result<DirectoryEntryPtr> named = co_await parts_.directory.find(path.substr(kPrefix.size()));
    if (!named && named.error().code != ErrorCode::workflow_not_found) co_return fail(std::move(named.error()));
    if (named && (*named)->row.enabled && (*named)->workflow) {
      const workflow::WebhookTrigger* first = nullptr;
      for (const workflow::Trigger& trigger : (*named)->workflow->triggers) {
        if (!trigger.webhook) continue;
        if (!first) first = &*trigger.webhook;
        if (!call.trigger && accepts_method(*trigger.webhook, request.method_name)) call.trigger = &*trigger.webhook;
        add_allowed(call.allowed, trigger.webhook->methods);
      }
      if (first) {
        call.entry = *named;
        if (!call.trigger && request.method == http::Method::post) call.trigger = first;
        add_allowed(call.allowed, {"POST"});
        if (call.trigger) co_return std::optional<Call>(std::move(call));
      }
    }
  }

  Result<std::vector<std::string>> names = co_await parts_.directory.webhook_candidates(path);
  if (!names) co_return fail(std::move(names.error()));
  for (const std::string& name : *names) {
    Result<DirectoryEntryPtr> entry = co_await parts_.directory.find(name);
    if (!entry) {
      if (entry.error().code == ErrorCode::workflow_not_found) continue;
      co_return fail(std::move(entry.error()));
    }
    if (!(*entry)->row.enabled || !(*entry)->workflow) continue;
    for (const workflow::Trigger& trigger : (*entry)->workflow->triggers) {
      if (!trigger.webhook) continue;
      for (const std::string& address : webhook_addresses(trigger.webhook->path)) {
        std::optional<PathParams> params = match_address(address, path);
        if (!params) continue;
        call.entry = *entry;
        add_allowed(call.allowed, trigger.webhook->methods);
        if (!accepts_method(*trigger.webhook, request.method_name)) continue;
        call.trigger = &*trigger.webhook;
        call.params = std::move(*params);
        co_return std::optional<Call>(std::move(call));
      }
    }
  }
  if (!call.entry) co_return std::optional<Call>();
  co_return std::optional<Call>(std::move(call));
}

awaitable<http::Response> Webhooks::run(http::Request& request, std::string path, Call call, Admission::Slot& slot) {
  const workflow::WebhookTrigger& trigger = *call.trigger;
  const workflow::Workflow& workflow = *call.entry->workflow;
  if (parts_.lifecycle.draining) {
    count("unavailable");
    co_return error_response(request, ApiError(ErrorCode::service_unavailable, "The service is shutting down"));
  }
  const bool envelope = trigger.envelope || rules_.envelope;
  std::string body = envelope ? webhook_envelope_json(request, path) : webhook_body_json(request);
  std::string facts = webhook_facts_json(request, path, call.params);
  std::string key;
  if (trigger.debounce) {
    const std::string content = envelope ? webhook_body_json(request) : body;
    key = parts_.debouncer.key_of(workflow, *trigger.debounce, {path, body, content, facts, envelope});
  }
  // An empty call of a workflow with declared inputs gets their defaults.
  if (body == "null" && !workflow.inputs.empty()) body = "{}";
  Result<std::string> input = workflow::check_input(workflow, body);
  if (!input) {
    count("invalid_input");
    co_return error_response(request, std::move(input.error()));
  }

  NewRun run;
  run.workflow_id = call.entry->row.id;
  run.workflow_version = call.entry->row.version;
  run.workflow_name = call.entry->row.name;
  run.workflow = call.entry->workflow;
  run.input = std::move(*input);
  run.trigger_type = "webhook";
  run.webhook = std::move(facts);
  run.correlation_id = trusted_request_id(request, rules_.trust_request_id);
  run.traceparent = traceparent_of(request);
  run.wanted = trigger.response_mode != "async";
  if (trigger.debounce) {
    http::Response debounced = co_await debounce(request, trigger, std::move(run), std::move(key));
    co_return debounced;
  }
  Result<StartedRun> started = co_await parts_.starter.start(std::move(run));
  if (!started) {
    count("unavailable");
    co_return error_response(request, std::move(started.error()));
  }
  count("accepted");
  slot.release();
  const std::string id = started->id.to_string();
  http::Response response;
  if (!started->ticket) {
    response = http::Response::json(202, fmt::format(R"({{"execution_id":"{}","status":"running"}})", id));
    response.headers.emplace_back("Location", "/api/executions/" + id);
  } else {
    const auto deadline = SteadyClock::now() + trigger.timeout;
    const std::optional<Finished> finished = co_await parts_.waiter.wait(*started->ticket, deadline);
    response = answer(request, trigger, id, finished);
  }
  response.headers.emplace_back("X-Execution-ID", id);
  co_return response;
}

awaitable<http::Response> Webhooks::debounce(const http::Request& request, const workflow::WebhookTrigger& trigger,
                                             NewRun run, std::string key) {
  Result<store::Debounced> debounced = co_await parts_.debouncer.accept(std::move(run), trigger, key);
  if (!debounced) {
    count("unavailable");
    co_return error_response(request, std::move(debounced.error()));
  }
  count(debounced->first ? "accepted" : "merged");
  http::Response response = debounced_answer(*debounced, key);
  response.headers.emplace_back("X-Execution-ID", debounced->id.to_string());
  co_return response;
}

http::Response Webhooks::answer(const http::Request& request, const workflow::WebhookTrigger& trigger,
                                const std::string& id, const std::optional<Finished>& finished) const {
  if (!finished) {
    ApiError error(ErrorCode::execution_timeout,
                   "The execution did not end within the time that this webhook waits; it goes on");
    return error_response(request, std::move(error).with_execution(id));
  }
  if (trigger.response_mode == "full") return http::Response::json(200, execute_answer(id, *finished));
  if (finished->status == "completed") {
    if (std::optional<http::Response> described = described_answer(finished->output)) return std::move(*described);
    return http::Response::json(200, finished->output);
  }
  if (finished->status == "failed" || finished->status == "cancelled") {
    ApiError error(ErrorCode::execution_failed,
                   finished->error.empty() ? fmt::format("The execution was {}", finished->status) : finished->error);
    return error_response(request, std::move(error).with_execution(id));
  }
  return http::Response::json(202, fmt::format(R"({{"execution_id":"{}","status":"{}"}})", id, finished->status));
}

}  // namespace r8r::api
