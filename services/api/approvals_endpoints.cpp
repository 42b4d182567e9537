#include "services/api/approvals_endpoints.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "services/api/api_error.hpp"
#include "services/api/approval_json.hpp"
#include "services/api/query.hpp"
#include "services/api/request_body.hpp"
#include "services/api/waiting.hpp"

namespace r8r::api {
namespace {

constexpr int kUsualPage = 50;
constexpr std::int64_t kLargestPage = 1'000;
constexpr std::int64_t kLargestOffset = 10'000;
constexpr std::size_t kLongestComment = 4'096;
constexpr std::size_t kLongestName = 255;
/// A partition changes hands within the lease of a scheduler that died, and a little.
constexpr auto kPatience = std::chrono::seconds(15);
constexpr std::array<std::string_view, 4> kStatuses{"pending", "approved", "rejected", "expired"};

// Microseconds and id.
std::string cursor_of(const store::ApprovalRow& last) {
  return encode_cursor(fmt::format("{} {}", to_unix_us(last.created_at), last.id.to_string()));
}

std::optional<std::pair<Timestamp, Uuid>> position_of(std::string_view cursor) {
  const std::optional<std::string> text = decode_cursor(cursor);
  if (!text) return std::nullopt;
  std::int64_t us = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), us);
  const auto at = static_cast<std::size_t>(end - text->data());
  if (error != std::errc() || at >= text->size() || (*text)[at] != ' ') return std::nullopt;
  const std::optional<Uuid> id = Uuid::parse(std::string_view(*text).substr(at + 1));
  if (!id) return std::nullopt;
  return std::pair(from_unix_us(us), *id);
}

Result<void> read_page(const http::Request& request, store::ApprovalQuery& query) {
  Result<std::optional<std::int64_t>> limit = query_integer(request, "limit", 0, std::numeric_limits<int>::max());
  if (!limit) return fail(std::move(limit.error()));
  const std::int64_t wanted = limit->value_or(0);
  query.limit = wanted == 0 ? kUsualPage : static_cast<int>(std::min(wanted, kLargestPage));
  const auto cursor = request.query_value("cursor");
  if (request.query_value("offset")) {
    if (cursor) return invalid_field("offset", "query 'offset' and 'cursor' exclude each other: give one of them");
    Result<std::optional<std::int64_t>> offset = query_integer(request, "offset", 0, kLargestOffset);
    if (!offset) return fail(std::move(offset.error()));
    query.offset = static_cast<int>(**offset);
  }
  if (!cursor) return {};
  query.after = position_of(*cursor);
  if (!query.after) return invalid_field("cursor", "query 'cursor' is not one that this API gave");
  return {};
}

Result<store::ApprovalQuery> read_query(const http::Request& request) {
  Result<void> known = check_query_names(
      request, {"status", "assignee", "group", "workflow", "execution_id", "limit", "offset", "cursor"});
  if (!known) return fail(std::move(known.error()));
  store::ApprovalQuery query;
  query.status = request.query_value("status").value_or("");
  if (!query.status.empty() && std::find(kStatuses.begin(), kStatuses.end(), query.status) == kStatuses.end())
    return invalid_field("status", fmt::format("query 'status' must be one of {}", fmt::join(kStatuses, ", ")));
  query.assignee = request.query_value("assignee").value_or("");
  query.group = request.query_value("group").value_or("");
  query.workflow = request.query_value("workflow").value_or("");
  if (const auto id = request.query_value("execution_id")) {
    query.execution_id = Uuid::parse(*id);
    if (!query.execution_id)
      return invalid_field("execution_id", "query 'execution_id' must be the id of an execution");
  }
  if (Result<void> page = read_page(request, query); !page) return fail(std::move(page.error()));
  return query;
}

Result<std::string> read_text(const RequestBody& body, const char* field, std::size_t most) {
  Result<std::optional<std::string>> given = body.text(field);
  if (!given) return fail(std::move(given.error()));
  std::string text = given->value_or("");
  if (character_count(text) > most || text.find('\0') != std::string::npos)
    return invalid_field(field, fmt::format("field '{}' must be text of at most {} characters", field, most));
  return text;
}

Result<bus::ControlRequest> read_decision(const RequestBody& body) {
  bus::ControlRequest wanted;
  wanted.action = "decide";
  if (!body.has("decision"))
    return fail(ErrorCode::missing_field, "field 'decision' is required: approve or reject", field_details("decision"));
  Result<std::optional<std::string>> decision = body.text("decision");
  if (!decision) return fail(std::move(decision.error()));
  wanted.decision = decision->value_or("");
  if (wanted.decision != "approve" && wanted.decision != "reject")
    return invalid_field("decision", "field 'decision' must be 'approve' or 'reject'");
  Result<std::string> comment = read_text(body, "comment", kLongestComment);
  if (!comment) return fail(std::move(comment.error()));
  wanted.reason = std::move(*comment);
  Result<std::string> by = read_text(body, "decided_by", kLongestName);
  if (!by) return fail(std::move(by.error()));
  wanted.decided_by = by->empty() ? std::string("api") : std::move(*by);
  return wanted;
}

Error already_decided(const store::ApprovalRow& row) {
  std::string message = row.status == "expired" ? "The approval has expired: its execution has ended"
                                                : fmt::format("The approval is {} already", row.status);
  if (row.decided_by) message += fmt::format(", by {}", *row.decided_by);
  return {ErrorCode::conflict_error, std::move(message), fmt::format(R"({{"status":"{}"}})", row.status)};
}

http::Response refusal(const http::Request& request, Error error, const Uuid& execution) {
  return error_response(request, ApiError(std::move(error)).with_execution(execution.to_string()));
}

}  // namespace

awaitable<Result<store::ApprovalRow>> ApprovalsEndpoints::find(const http::Request& request) {
  const std::optional<Uuid> id = Uuid::parse(request.param("id"));
  Error missing{ErrorCode::approval_not_found, fmt::format("Approval '{}' not found", request.param("id")), {}};
  if (!id) co_return fail(std::move(missing));
  Result<std::optional<store::ApprovalRow>> row = co_await approvals_.find(*id);
  if (!row) co_return fail(std::move(row.error()));
  if (!*row) co_return fail(std::move(missing));
  co_return std::move(**row);
}

awaitable<http::Response> ApprovalsEndpoints::list(http::Request& request, Admission::Slot&) {
  Result<store::ApprovalQuery> query = read_query(request);
  if (!query) co_return error_response(request, std::move(query.error()));
  const auto limit = static_cast<std::size_t>(query->limit);
  ++query->limit;  // one more tells whether there is another page
  store::ApprovalQuery wanted = std::move(*query);
  Result<std::vector<store::ApprovalRow>> rows = co_await approvals_.list(std::move(wanted));
  if (!rows) co_return error_response(request, std::move(rows.error()));
  std::string next;
  if (rows->size() > limit) {
    rows->resize(limit);
    next = cursor_of(rows->back());
  }
  co_return http::Response::json(200, approvals_json(*rows, next));
}

awaitable<http::Response> ApprovalsEndpoints::get(http::Request& request, Admission::Slot&) {
  if (Result<void> known = check_query_names(request, {}); !known) co_return error_response(request, known.error());
  Result<store::ApprovalRow> row = co_await find(request);
  if (!row) co_return error_response(request, std::move(row.error()));
  co_return http::Response::json(200, approval_json(*row));
}

awaitable<http::Response> ApprovalsEndpoints::decide(http::Request& request, Admission::Slot& slot) {
  if (parts_.lifecycle.draining)
    co_return error_response(request, ApiError(ErrorCode::service_unavailable, "The service is shutting down"));
  if (Result<void> known = check_query_names(request, {}); !known) co_return error_response(request, known.error());
  Result<RequestBody> body = RequestBody::parse(request);
  if (!body) co_return error_response(request, std::move(body.error()));
  Result<bus::ControlRequest> wanted = read_decision(*body);
  if (!wanted) co_return error_response(request, std::move(wanted.error()));
  Waiting waiting;
  if (Result<void> read = read_waiting(*body, preferences_of(request), longest_wait_, waiting); !read)
    co_return error_response(request, std::move(read.error()));
  Result<store::ApprovalRow> before = co_await find(request);
  if (!before) co_return error_response(request, std::move(before.error()));
  const Uuid execution = before->execution_id;
  if (before->status != "pending") co_return refusal(request, already_decided(*before), execution);

  wanted->execution_id = execution;
  wanted->approval_id = before->id.to_string();
  std::unique_ptr<CompletionWaiter::Ticket> ticket;
  if (waiting.wait) {
    ticket = parts_.waiter.expect(execution);
    wanted->reply_to = done_subject_;
  }
  bus::ControlRequest order_of = std::move(*wanted);
  Result<void> done = co_await order(std::move(order_of), *before);
  if (!done) co_return refusal(request, std::move(done.error()), execution);
  slot.release();
  std::optional<Finished> told;
  const auto deadline = SteadyClock::now() + waiting.timeout;
  const std::string mine = before->id.to_string();
  while (waiting.wait) {
    told = co_await parts_.waiter.wait(*ticket, deadline);
    // Somebody else may just hear that this very question is asked.
    if (!told || told->output.find(mine) == std::string::npos || told->status != "waiting_for_approval") break;
    ticket = parts_.waiter.expect(execution);
  }

  Result<store::ApprovalRow> after = co_await find(request);
  if (!after) co_return refusal(request, std::move(after.error()), execution);
  Result<std::optional<store::ExecutionRow>> row = co_await executions_.find(execution);
  if (!row) co_return refusal(request, std::move(row.error()), execution);
  if (!*row) co_return refusal(request, {ErrorCode::execution_not_found, "The execution is gone", {}}, execution);
  // 202: the decision is taken, and what comes of it is still to come.
  const int status = told || !(*row)->live ? 200 : 202;
  http::Response response = http::Response::json(status, decided_json(*after, **row, told));
  if (status == 202) response.headers.emplace_back("Location", "/api/executions/" + execution.to_string());
  if (!waiting.preference_applied.empty())
    response.headers.emplace_back("Preference-Applied", waiting.preference_applied);
  co_return response;
}

awaitable<Result<void>> ApprovalsEndpoints::order(bus::ControlRequest wanted, store::ApprovalRow approval) {
  const std::string status = wanted.decision == "approve" ? "approved" : "rejected";
  const std::string by = wanted.decided_by;
  const std::string comment = wanted.reason;
  const auto deadline = std::min(SteadyClock::now() + kPatience, parts_.lifecycle.drain_deadline);
  Result<OwnerAnswer> answer = co_await parts_.owner.ask(std::move(wanted), approval.partition, deadline);
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->reply.error_code.empty()) co_return Result<void>();
  Result<std::optional<store::ApprovalRow>> row = co_await approvals_.find(approval.id);
  if (!row) co_return fail(std::move(row.error()));
  if (!*row) co_return fail(ErrorCode::approval_not_found, "The approval is gone");
  const store::ApprovalRow& now = **row;
  // An answer before this one was lost; it may be our own deed that stands in the way.
  if (answer->unsure && now.status == status && now.decided_by == by && now.comment.value_or("") == comment)
    co_return Result<void>();
  if (now.status != "pending") co_return fail(already_decided(now));
  co_return fail(ErrorCode::conflict_error, answer->reply.error);
}

}  // namespace r8r::api
