#include "services/api/execute_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/api/idempotency.hpp"
#include "services/api/query.hpp"
#include "services/api/run_answer.hpp"

namespace r8r::api {
namespace {

// A definition that fails, a disabled workflow, a bad input: what a known idempotency key goes before.
bool known_key_goes_first(ErrorCode code) {
  return code == ErrorCode::workflow_not_found || code == ErrorCode::invalid_workflow_definition ||
         code == ErrorCode::workflow_disabled || code == ErrorCode::invalid_input;
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
  Result<NewRun> run = co_await parts_.preparation.prepare(name, asked.version, asked.input);
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
  if (!asked.wait) co_return run_accepted(asked, started->id.to_string());
  co_return co_await wait_for_end(request, asked, *started);
}

awaitable<http::Response> ExecuteEndpoint::wait_for_end(http::Request& request, const ExecuteRequest& asked,
                                                        const StartedRun& started) {
  const auto deadline = SteadyClock::now() + asked.timeout;
  const std::optional<Finished> finished = co_await parts_.waiter.wait(*started.ticket, deadline);
  const std::string id = started.id.to_string();
  if (finished) co_return run_ended(request, asked, asked.correlation_id, id, *finished, failed_status_);
  co_return run_goes_on(request, asked.correlation_id, id);
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
    response = run_ended(request, asked, asked.correlation_id, id, *finished, failed_status_);
  } else if (asked.wait) {
    response = run_goes_on(request, asked.correlation_id, id);
  } else {
    response = run_accepted(asked, id);
  }
  response.headers.emplace_back("Idempotent-Replayed", "true");
  co_return response;
}

http::Response ExecuteEndpoint::refuse(const http::Request& request, const ExecuteRequest& asked,
                                       ApiError error) const {
  return error_response(request, std::move(error).with_correlation(asked.correlation_id));
}

}  // namespace r8r::api
