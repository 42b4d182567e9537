#include "services/api/control_endpoints.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/api/execution_json.hpp"
#include "services/api/query.hpp"

namespace r8r::api {
namespace {

/// A partition changes hands within the lease of a scheduler that died, and a little.
constexpr auto kPatience = std::chrono::seconds(15);
/// The longest that a commit is looked for whose answer was lost.
constexpr auto kLostAnswer = std::chrono::seconds(3);
constexpr std::size_t kLongestReason = 1'024;

constexpr const char* kPause = "pause";
constexpr const char* kCancel = "cancel";
constexpr const char* kResume = "resume";

bool waits_for_a_person(std::string_view status) {
  return status == "paused" || status == "waiting_for_approval";
}

Result<std::string> read_reason(const RequestBody& body) {
  Result<std::optional<std::string>> reason = body.text("reason");
  if (!reason) return fail(std::move(reason.error()));
  std::string text = reason->value_or("");
  if (character_count(text) > kLongestReason || text.find('\0') != std::string::npos)
    return invalid_field("reason", fmt::format("field 'reason' must be text of at most {} characters", kLongestReason));
  return text;
}

Error refused(std::string_view action, std::string_view status, const std::string& why) {
  std::string message = why;
  // Only its owner knows what a pending one waits for.
  if (!status.empty() && status != "pending") {
    message = action == kPause    ? "Only a running execution can be paused"
              : action == kCancel ? "Only an execution that has not ended can be cancelled"
                                  : "Only a paused, failed or cancelled execution can be resumed";
    message += fmt::format("; this one is {}", status);
    if (action == kResume && status == "waiting_for_approval") message += ": decide its approval instead";
  }
  return {ErrorCode::invalid_state, std::move(message),
          status.empty() ? std::string() : fmt::format(R"({{"status":"{}"}})", status)};
}

// What a row alone can refuse, without its owner.
bool forbids(std::string_view action, const store::ExecutionRow& row) {
  if (row.live) return false;
  return action != kResume || row.status == "completed";
}

http::Response refusal(const http::Request& request, Error error, const Uuid& id) {
  return error_response(request, ApiError(std::move(error)).with_execution(id.to_string()));
}

}  // namespace

awaitable<Result<store::ExecutionRow>> ControlEndpoints::find(const http::Request& request) {
  const std::optional<Uuid> id = Uuid::parse(request.param("id"));
  Error missing{ErrorCode::execution_not_found, fmt::format("Execution '{}' not found", request.param("id")), {}};
  if (!id) co_return fail(std::move(missing));
  Result<std::optional<store::ExecutionRow>> row = co_await executions_.find(*id);
  if (!row) co_return fail(std::move(row.error()));
  if (*row) co_return std::move(**row);
  row = co_await executions_.find_debounced(*id);
  if (!row) co_return fail(std::move(row.error()));
  if (!*row) co_return fail(std::move(missing));
  co_return fail(ErrorCode::invalid_state,
                 "The execution has not begun: it waits for more calls of its webhook; steer it when it runs");
}

awaitable<http::Response> ControlEndpoints::pause(http::Request& request, Admission::Slot&) {
  co_return co_await stop(request, kPause);
}

awaitable<http::Response> ControlEndpoints::cancel(http::Request& request, Admission::Slot&) {
  co_return co_await stop(request, kCancel);
}

awaitable<http::Response> ControlEndpoints::stop(http::Request& request, std::string action) {
  if (Result<void> known = check_query_names(request, {}); !known) co_return error_response(request, known.error());
  Result<RequestBody> body = RequestBody::parse(request);
  if (!body) co_return error_response(request, std::move(body.error()));
  Result<std::string> reason = read_reason(*body);
  if (!reason) co_return error_response(request, std::move(reason.error()));
  Result<store::ExecutionRow> before = co_await find(request);
  if (!before) co_return error_response(request, std::move(before.error()));

  bus::ControlRequest wanted{.execution_id = before->id, .action = action, .reason = std::move(*reason)};
  Result<void> done = co_await order(std::move(wanted), *before);
  if (!done) co_return refusal(request, std::move(done.error()), before->id);
  Result<store::ExecutionRow> after = co_await find(request);
  if (!after) co_return refusal(request, std::move(after.error()), before->id);
  co_return http::Response::json(
      200, control_answer(*after, action == kPause ? "The execution is paused: what runs may finish, nothing new starts"
                                                   : "The execution is cancelled"));
}

awaitable<http::Response> ControlEndpoints::resume(http::Request& request, Admission::Slot& slot) {
  if (parts_.lifecycle.draining)
    co_return error_response(request, ApiError(ErrorCode::service_unavailable, "The service is shutting down"));
  if (Result<void> known = check_query_names(request, {}); !known) co_return error_response(request, known.error());
  Result<RequestBody> body = RequestBody::parse(request);
  if (!body) co_return error_response(request, std::move(body.error()));
  Waiting waiting;
  if (Result<void> read = read_waiting(*body, preferences_of(request), longest_wait_, waiting); !read)
    co_return error_response(request, std::move(read.error()));
  Result<store::ExecutionRow> before = co_await find(request);
  if (!before) co_return error_response(request, std::move(before.error()));

  const Uuid id = before->id;
  bus::ControlRequest wanted{.execution_id = id, .action = kResume};
  std::unique_ptr<CompletionWaiter::Ticket> ticket;
  if (waiting.wait) {
    ticket = parts_.waiter.expect(id);
    wanted.reply_to = done_subject_;
  }
  Result<void> done = co_await order(std::move(wanted), *before);
  if (!done) co_return refusal(request, std::move(done.error()), id);
  slot.release();
  Result<store::ExecutionRow> after = fail(ErrorCode::internal_error, "nobody looked");
  if (waiting.wait) {
    after = co_await settled(*before, std::move(ticket), SteadyClock::now() + waiting.timeout);
  } else {
    after = co_await find(request);
  }
  if (!after) co_return refusal(request, std::move(after.error()), id);

  http::Response response;
  if (waiting.wait && (!after->live || waits_for_a_person(after->status))) {
    response = http::Response::json(200, resume_answer(*after, "The execution went on"));
  } else {
    after->status = "running";  // pending for a moment, when it begins again
    after->finished_at.reset();
    response = http::Response::json(
        202, control_answer(*after, waiting.wait ? "The execution did not end within the time that this request waits; "
                                                   "it goes on"
                                                 : "The execution goes on"));
    response.headers.emplace_back("Location", "/api/executions/" + id.to_string());
  }
  if (!waiting.preference_applied.empty())
    response.headers.emplace_back("Preference-Applied", waiting.preference_applied);
  co_return response;
}

awaitable<Result<void>> ControlEndpoints::order(bus::ControlRequest request, const store::ExecutionRow& before) {
  const std::string action = request.action;
  if (forbids(action, before)) co_return fail(refused(action, before.status, ""));
  const auto deadline = std::min(SteadyClock::now() + kPatience, parts_.lifecycle.drain_deadline);
  Result<OwnerAnswer> answer = co_await parts_.owner.ask(std::move(request), before.partition, deadline);
  if (!answer) co_return fail(std::move(answer.error()));
  const bus::ControlReply& reply = answer->reply;
  if (reply.error_code.empty()) co_return Result<void>();
  if (reply.error_code == "EXECUTION_NOT_FOUND") co_return fail(ErrorCode::execution_not_found, reply.error);
  if (reply.error_code != "INVALID_STATE") co_return fail(ErrorCode::internal_error, reply.error);
  if (answer->unsure) {
    // It may be our own deed that stands in the way.
    const bool done = co_await was_done(action, before, std::min(SteadyClock::now() + kLostAnswer, deadline));
    if (done) co_return Result<void>();
  }
  std::string status = reply.status;
  if (status.empty()) {
    Result<std::optional<store::ExecutionRow>> row = co_await executions_.find(before.id);
    if (row && *row) status = (*row)->status;
  }
  co_return fail(refused(action, status, reply.error));
}

awaitable<bool> ControlEndpoints::was_done(std::string action, store::ExecutionRow before,
                                           SteadyClock::time_point deadline) {
  while (true) {
    Result<std::optional<store::ExecutionRow>> row = co_await executions_.find(before.id);
    if (row && *row) {
      const store::ExecutionRow& now = **row;
      if (action == kPause && now.live && now.status == "paused") co_return true;
      if (action == kCancel && !now.live && now.status == "cancelled") co_return true;
      if (action == kResume && (now.run > before.run || (before.status == "paused" && now.status != "paused")))
        co_return true;
    }
    if (SteadyClock::now() >= deadline) co_return false;
    const bool slept = co_await sleep_for(std::chrono::milliseconds(100));
    if (!slept) co_return false;
  }
}

awaitable<Result<store::ExecutionRow>> ControlEndpoints::settled(store::ExecutionRow before,
                                                                 std::unique_ptr<CompletionWaiter::Ticket> ticket,
                                                                 SteadyClock::time_point deadline) {
  while (true) {
    const std::optional<Finished> told = co_await parts_.waiter.wait(*ticket, deadline);
    // From now on, so that nothing is missed while the row is read.
    ticket = parts_.waiter.expect(before.id);
    Result<std::optional<store::ExecutionRow>> row = co_await executions_.find(before.id);
    if (!row) co_return fail(std::move(row.error()));
    if (!*row) co_return fail(ErrorCode::execution_not_found, "the execution is gone");
    store::ExecutionRow& now = **row;
    // The word may be that of the end or pause before this resume.
    const bool moved = now.run > before.run || before.live;
    if (!told || (moved && (!now.live || waits_for_a_person(now.status)))) co_return std::move(now);
  }
}

}  // namespace r8r::api
