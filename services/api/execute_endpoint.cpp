#include "services/api/execute_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/api/execution_json.hpp"
#include "services/api/idempotency.hpp"
#include "services/api/query.hpp"

namespace r8r::api {
namespace {

// A definition that fails, a disabled workflow, a bad input: what a known idempotency key goes before.
bool known_key_goes_first(ErrorCode code) {
  return code == ErrorCode::workflow_not_found || code == ErrorCode::invalid_workflow_definition ||
         code == ErrorCode::workflow_disabled || code == ErrorCode::invalid_input;
}

std::string location_of(const std::string& id) {
  return "/api/executions/" + id;
}

}  // namespace

awaitable<http::Response> ExecuteEndpoint::handle(http::Request& request, Admission::Slot& slot) {
  ExecuteRequest asked;
  if (parts_.lifecycle.draining) {
    co_return refuse(request, asked, ApiError(ErrorCode::service_unavailable, "The service is shutting down"));
  }
  if (Result<void> known = check_query_names(request, {}); !known)
    co_return refuse(request, asked, ApiError(std::move(known.error())));
  Result<RequestBody> body = RequestBody::parse(request);
  if (!body) co_return refuse(request, asked, ApiError(std::move(body.error())));
  if (std::optional<ApiError> error = read_execute_request(request, *body, rules_, asked)) {
    co_return refuse(request, asked, std::move(*error));
  }

  const std::string name = request.param("name");
  const bool keyed = !asked.idempotency_key.empty();
  const std::string fingerprint = keyed ? fingerprint_of(name, asked.input) : std::string();
  Result<NewRun> run = co_await prepare(name, asked);
  if (!run) {
    if (keyed && known_key_goes_first(run.error().code)) {
      Result<std::optional<store::IdempotencyKey>> known = co_await keys_.find(asked.idempotency_key);
      if (!known) co_return refuse(request, asked, ApiError(std::move(known.error())));
      if (*known) co_return co_await answer_known_key(request, asked, std::move(**known), fingerprint);
    }
    co_return refuse(request, asked, ApiError(std::move(run.error())));
  }
  run->trigger_type = "api";
  run->correlation_id = asked.correlation_id;
  run->idempotency_key = asked.idempotency_key;
  run->fingerprint = fingerprint;
  run->traceparent = asked.traceparent;
  run->wanted = asked.wait;

  Result<StartedRun> started = co_await parts_.starter.start(std::move(*run));
  if (!started) co_return refuse(request, asked, ApiError(std::move(started.error())));
  slot.release();
  if (!started->accepted.created) {
    store::IdempotencyKey known{started->accepted.first_execution, started->accepted.first_fingerprint};
    co_return co_await answer_known_key(request, asked, std::move(known), fingerprint);
  }
  if (!asked.wait) co_return accepted(asked, started->id.to_string());
  co_return co_await wait_for_end(request, asked, *started);
}

awaitable<Result<NewRun>> ExecuteEndpoint::prepare(const std::string& name, const ExecuteRequest& asked) {
  DirectoryEntryPtr entry = parts_.directory.find_now(name);
  if (!entry) {
    Result<DirectoryEntryPtr> found = co_await parts_.directory.find(name);
    if (!found) co_return fail(std::move(found.error()));
    entry = std::move(*found);
  }
  Catalog::Entry workflow = entry->workflow;
  int version = entry->row.version;
  if (asked.version && *asked.version != version) {
    Result<Catalog::Entry> other = co_await version_of(entry, *asked.version);
    if (!other) co_return fail(std::move(other.error()));
    workflow = std::move(*other);
    version = *asked.version;
  } else if (entry->problem) {
    co_return fail(*entry->problem);
  }
  if (!entry->row.enabled) {
    co_return fail(ErrorCode::workflow_disabled, fmt::format("Workflow '{}' is disabled", name));
  }
  Result<std::string> input = workflow::check_input(*workflow, asked.input);
  if (!input) co_return fail(std::move(input.error()));

  NewRun run;
  run.workflow_id = entry->row.id;
  run.workflow_version = version;
  run.workflow_name = name;
  run.input = std::move(*input);
  co_return run;
}

awaitable<Result<Catalog::Entry>> ExecuteEndpoint::version_of(DirectoryEntryPtr entry, int version) {
  Result<Catalog::Entry> found = co_await parts_.catalog.get({entry->row.id, version});
  if (!found && found.error().code == ErrorCode::workflow_not_found) {
    co_return fail(ErrorCode::workflow_not_found,
                   fmt::format("Workflow '{}' has no version {}", entry->row.name, version));
  }
  co_return found;
}

awaitable<http::Response> ExecuteEndpoint::wait_for_end(http::Request& request, const ExecuteRequest& asked,
                                                        const StartedRun& started) {
  const auto deadline = SteadyClock::now() + asked.timeout;
  const std::optional<Finished> finished = co_await parts_.waiter.wait(*started.ticket, deadline);
  const std::string id = started.id.to_string();
  if (finished) co_return ended(request, asked, id, *finished);
  co_return still_running(request, asked, id);
}

awaitable<http::Response> ExecuteEndpoint::answer_known_key(http::Request& request, const ExecuteRequest& asked,
                                                            store::IdempotencyKey known,
                                                            const std::string& fingerprint) {
  const bool mismatch = known.fingerprint != fingerprint;
  const std::string id = known.execution_id.to_string();
  if (mismatch && asked.key_in_header) {
    ApiError error(ErrorCode::idempotency_key_mismatch,
                   "The idempotency key was used before with another workflow or input");
    co_return refuse(request, asked, std::move(error).with_execution(id));
  }
  Result<std::optional<store::ExecutionRow>> row = co_await executions_.find(known.execution_id);
  if (!row) co_return refuse(request, asked, ApiError(std::move(row.error())));
  if (asked.attach && !mismatch && *row) co_return co_await attach(request, asked, std::move(**row));

  std::string details = fmt::format(R"({{"status":{})", *row ? fmt::format("\"{}\"", (*row)->status) : "null");
  details += mismatch ? ",\"mismatch\":true}" : "}";
  ApiError error(ErrorCode::idempotency_key_reuse,
                 mismatch ? "The idempotency key was used before with another workflow or input"
                          : "The idempotency key was used before",
                 std::move(details));
  co_return refuse(request, asked, std::move(error).with_execution(id));
}

awaitable<http::Response> ExecuteEndpoint::attach(http::Request& request, const ExecuteRequest& asked,
                                                  store::ExecutionRow row) {
  const std::string id = row.id.to_string();
  std::optional<Finished> finished = finished_of(row);
  // Its end is reported to the instance that started it, which may be another one: look into the row, ever more rarely.
  const auto ticket = parts_.waiter.expect(row.id);
  const auto deadline = std::min(SteadyClock::now() + asked.timeout, parts_.lifecycle.drain_deadline);
  SteadyClock::duration gap = std::chrono::milliseconds(20);
  while (!finished && asked.wait && SteadyClock::now() < deadline) {
    finished = co_await parts_.waiter.wait(*ticket, std::min(deadline, SteadyClock::now() + gap));
    if (finished) break;
    gap = std::min<SteadyClock::duration>(gap * 2, std::chrono::seconds(1));
    Result<std::optional<store::ExecutionRow>> newest = co_await executions_.find(row.id);
    if (newest && *newest) finished = finished_of(**newest);
    if (parts_.lifecycle.draining && SteadyClock::now() >= parts_.lifecycle.drain_deadline) break;
  }
  http::Response response;
  if (finished) {
    response = ended(request, asked, id, *finished);
  } else if (asked.wait) {
    response = still_running(request, asked, id);
  } else {
    response = accepted(asked, id);
  }
  response.headers.emplace_back("Idempotent-Replayed", "true");
  co_return response;
}

http::Response ExecuteEndpoint::refuse(const http::Request& request, const ExecuteRequest& asked,
                                       ApiError error) const {
  return error_response(request, std::move(error).with_correlation(asked.correlation_id));
}

http::Response ExecuteEndpoint::ended(const http::Request& request, const ExecuteRequest& asked, const std::string& id,
                                      const Finished& finished) const {
  if (finished.status == "failed" && failed_status_ == 500) {
    ApiError error(ErrorCode::execution_failed, finished.error.empty() ? "The execution failed" : finished.error);
    return refuse(request, asked, std::move(error).with_execution(id));
  }
  http::Response response = http::Response::json(200, execute_answer(id, finished));
  response.headers.emplace_back("X-Execution-ID", id);
  if (!asked.preference_applied.empty()) response.headers.emplace_back("Preference-Applied", asked.preference_applied);
  return response;
}

http::Response ExecuteEndpoint::still_running(const http::Request& request, const ExecuteRequest& asked,
                                              const std::string& id) const {
  ApiError error(ErrorCode::execution_timeout,
                 "The execution did not end within the time that this request waits; it goes on");
  http::Response response = refuse(request, asked, std::move(error).with_execution(id));
  response.headers.emplace_back("Location", location_of(id));
  response.headers.emplace_back("X-Execution-ID", id);
  return response;
}

http::Response ExecuteEndpoint::accepted(const ExecuteRequest& asked, const std::string& id) const {
  http::Response response = http::Response::json(202, running_answer(id));
  response.headers.emplace_back("Location", location_of(id));
  response.headers.emplace_back("X-Execution-ID", id);
  if (!asked.preference_applied.empty()) response.headers.emplace_back("Preference-Applied", asked.preference_applied);
  return response;
}

}  // namespace r8r::api
