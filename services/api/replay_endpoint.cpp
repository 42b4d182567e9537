#include "services/api/replay_endpoint.hpp"

#include <fmt/format.h>

#include <limits>

#include "services/api/api_error.hpp"
#include "services/api/execute_request.hpp"
#include "services/api/query.hpp"
#include "services/api/replay_from.hpp"
#include "services/api/request_body.hpp"
#include "services/api/run_answer.hpp"

namespace r8r::api {
namespace {

struct ReplayRequest : Waiting {
  std::optional<std::string_view> input;  ///< raw JSON within the request's body
  std::optional<int> version;
  std::string correlation_id;  ///< empty: none was given
  std::string from_node;       ///< empty: from the start
};

Result<ReplayRequest> read_request(const http::Request& request, const RequestBody& body,
                                   std::chrono::seconds longest_wait) {
  ReplayRequest asked;
  Result<std::optional<std::string>> correlation = body.label("correlation_id", 128);
  if (!correlation) return fail(std::move(correlation.error()));
  asked.correlation_id = correlation->value_or("");
  Result<void> waiting = read_waiting(body, preferences_of(request), longest_wait, asked);
  if (!waiting) return fail(std::move(waiting.error()));
  Result<std::optional<std::int64_t>> version = body.integer("version");
  if (!version) return fail(std::move(version.error()));
  if (*version) {
    if (**version < 1 || **version > std::numeric_limits<int>::max())
      return invalid_field("version", "field 'version' must be a version number, 1 or more");
    asked.version = static_cast<int>(**version);
  }
  Result<std::optional<std::string>> from_node = body.label("from_node", 128);
  if (!from_node) return fail(std::move(from_node.error()));
  asked.from_node = from_node->value_or("");
  asked.input = body.raw("input");
  return asked;
}

}  // namespace

awaitable<http::Response> ReplayEndpoint::handle(http::Request& request, Admission::Slot& slot) {
  if (parts_.lifecycle.draining)
    co_return error_response(request, ApiError(ErrorCode::service_unavailable, "The service is shutting down"));
  if (Result<void> known = check_query_names(request, {}); !known) co_return error_response(request, known.error());
  Result<RequestBody> body = RequestBody::parse(request);
  if (!body) co_return error_response(request, std::move(body.error()));
  Result<ReplayRequest> asked = read_request(request, *body, longest_wait_);
  if (!asked) co_return error_response(request, std::move(asked.error()));
  const auto refuse = [&request, &asked](Error error) {
    return error_response(request, ApiError(std::move(error)).with_correlation(asked->correlation_id));
  };

  const ApiError missing(ErrorCode::execution_not_found, fmt::format("Execution '{}' not found", request.param("id")));
  const std::optional<Uuid> id = Uuid::parse(request.param("id"));
  if (!id) co_return error_response(request, missing);
  Result<std::optional<store::ExecutionRow>> row = co_await executions_.find(*id);
  if (!row) co_return refuse(std::move(row.error()));
  if (!*row) co_return error_response(request, missing);
  const store::ExecutionRow& original = **row;

  Result<NewRun> run =
      co_await parts_.preparation.prepare(original.workflow_name, asked->version.value_or(original.workflow_version),
                                          asked->input.value_or(std::string_view(original.input)));
  if (!run) co_return refuse(std::move(run.error()));
  if (run->workflow_id != original.workflow_id)
    co_return refuse({ErrorCode::workflow_not_found,
                      fmt::format("The workflow of this execution is gone; '{}' is another one now: run that instead",
                                  original.workflow_name),
                      {}});
  if (!asked->from_node.empty()) {
    std::string from_node = asked->from_node;
    Result<void> kept = co_await keep(original, std::move(from_node), *run);
    if (!kept) co_return refuse(std::move(kept.error()));
  }
  run->trigger_type = "replay";
  run->correlation_id = asked->correlation_id;
  run->webhook = original.webhook;
  run->event = original.event;
  run->replayed_from = original.id;
  run->traceparent = traceparent_of(request);
  run->wanted = asked->wait;
  Result<StartedRun> started = co_await parts_.starter.start(std::move(*run));
  if (!started) co_return refuse(std::move(started.error()));
  slot.release();
  const std::string new_id = started->id.to_string();
  if (!asked->wait) co_return run_accepted(*asked, new_id);
  const std::optional<Finished> finished =
      co_await parts_.waiter.wait(*started->ticket, SteadyClock::now() + asked->timeout);
  if (!finished) co_return run_goes_on(request, asked->correlation_id, new_id);
  co_return run_ended(request, *asked, asked->correlation_id, new_id, *finished, failed_status_);
}

// Adds to the run what it keeps of the one that it repeats.
awaitable<Result<void>> ReplayEndpoint::keep(const store::ExecutionRow& original, std::string from_node, NewRun& run) {
  if (original.live) {
    co_return fail(
        ErrorCode::invalid_state,
        fmt::format("from_node: the execution has not ended, it is {}; wait for its end, or leave from_node out",
                    original.status));
  }
  Result<std::vector<std::string>> recorded = co_await executions_.whole_journal(original.id, original.run);
  if (!recorded) co_return fail(std::move(recorded.error()));
  Result<KeptPart> part = kept_part(*run.workflow, from_node, *recorded);
  if (!part) co_return fail(std::move(part.error()));
  run.journal = std::move(part->journal);
  run.payload_keys = std::move(part->payload_keys);
  co_return Result<void>();
}

}  // namespace r8r::api
