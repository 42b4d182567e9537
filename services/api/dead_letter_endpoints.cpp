#include "services/api/dead_letter_endpoints.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>

#include "services/api/api_error.hpp"
#include "services/api/query.hpp"
#include "services/api/request_body.hpp"

namespace r8r::api {
namespace {

using Json = nlohmann::ordered_json;
using store::DeadLetter;

constexpr std::array<std::string_view, 6> kStatuses = {"pending",   "scheduled",    "resolved",
                                                       "discarded", "acknowledged", "all"};
constexpr int kDefaultPage = 50;
constexpr int kLargestPage = 1'000;
// What one request retries; the answer says whether there is more.
constexpr int kRetriedAtOnce = 200;
// A partition changes hands within the lease of a scheduler that died, and a little.
constexpr auto kPatience = std::chrono::seconds(15);

// The input as it is, of whatever size.
std::string entry_json(const DeadLetter& entry) {
  Json head = {{"id", entry.id.to_string()},
               {"execution_id", entry.execution_id.to_string()},
               {"workflow_id", entry.workflow_id.to_string()},
               {"workflow_name", entry.workflow_name},
               {"trigger_type", entry.trigger_type}};
  Json rest = {{"error", entry.error},
               {"failed_node_id", entry.failed_node_id ? Json(*entry.failed_node_id) : Json()},
               {"retry_count", entry.retry_count},
               {"max_retries", 3},
               {"created_at", to_rfc3339(entry.created_at)},
               {"updated_at", to_rfc3339(entry.updated_at)},
               {"next_retry_at", nullptr},
               {"status", entry.status},
               {"run", entry.run}};
  std::string out = head.dump();
  out.pop_back();
  out += ",\"input\":" + entry.input + "," + rest.dump().substr(1);
  return out;
}

Result<std::optional<Timestamp>> time_field(std::string_view name, std::string_view where,
                                            const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const std::optional<Timestamp> time = parse_rfc3339(*text);
  if (!time) return invalid_field(name, fmt::format("{} '{}' must be a time as 2026-01-20T14:30:00Z", where, name));
  return time;
}

Result<store::DeadLetterFilter> filter_of(const http::Request& request) {
  store::DeadLetterFilter filter;
  const std::string status(request.query_value("status").value_or("pending"));
  if (std::find(kStatuses.begin(), kStatuses.end(), status) == kStatuses.end())
    return invalid_field("status", fmt::format("query 'status' must be one of {}", fmt::join(kStatuses, ", ")));
  if (status != "all") filter.status = status;
  filter.workflow = request.query_value("workflow").value_or("");
  filter.error = request.query_value("error").value_or("");
  std::optional<std::string> since;
  if (const auto text = request.query_value("since")) since = std::string(*text);
  Result<std::optional<Timestamp>> time = time_field("since", "query", since);
  if (!time) return fail(std::move(time.error()));
  filter.since = *time;
  return filter;
}

std::string cursor_of(const DeadLetter& entry) {
  return encode_cursor(fmt::format("{} {}", to_unix_us(entry.created_at), entry.id.to_string()));
}

std::optional<store::DeadLetterPosition> position_of(std::string_view cursor) {
  const std::optional<std::string> text = decode_cursor(cursor);
  const std::size_t space = text ? text->find(' ') : std::string::npos;
  if (space == std::string::npos) return std::nullopt;
  const std::optional<Uuid> id = Uuid::parse(text->substr(space + 1));
  char* end = nullptr;
  const long long us = std::strtoll(text->c_str(), &end, 10);
  if (!id || end != text->c_str() + space) return std::nullopt;
  return store::DeadLetterPosition{from_unix_us(us), *id};
}

std::string_view why_not(std::string_view status) {
  if (status == "scheduled") return "is being retried already";
  if (status == "resolved") return "is resolved: a later run completed";
  return "was discarded";
}

bool may_be_retried(std::string_view status) {
  return status == "pending" || status == "acknowledged";
}

}  // namespace

awaitable<http::Response> DeadLetterEndpoints::list(http::Request& request, Admission::Slot&) {
  Result<void> known = check_query_names(request, {"status", "workflow", "error", "since", "limit", "cursor"});
  if (!known) co_return error_response(request, std::move(known.error()));
  Result<store::DeadLetterFilter> filter = filter_of(request);
  if (!filter) co_return error_response(request, std::move(filter.error()));
  Result<std::optional<std::int64_t>> asked =
      query_integer(request, "limit", 0, std::numeric_limits<std::int32_t>::max());
  if (!asked) co_return error_response(request, std::move(asked.error()));
  std::optional<store::DeadLetterPosition> after;
  if (const auto cursor = request.query_value("cursor")) {
    after = position_of(*cursor);
    if (!after)
      co_return error_response(request,
                               invalid_field("cursor", "query 'cursor' is not one that this API gave").value());
  }
  const int limit =
      asked->value_or(0) == 0 ? kDefaultPage : static_cast<int>(std::min<std::int64_t>(**asked, kLargestPage));
  Result<std::vector<DeadLetter>> page = co_await entries_.page(std::move(*filter), after, limit + 1);
  if (!page) co_return error_response(request, std::move(page.error()));
  const bool more = page->size() > static_cast<std::size_t>(limit);
  if (more) page->pop_back();
  std::string body = "{\"dead_letters\":[";
  for (const DeadLetter& entry : *page) {
    if (body.back() != '[') body += ',';
    body += entry_json(entry);
  }
  body += "],\"next_cursor\":";
  body += more ? '"' + cursor_of(page->back()) + '"' : std::string("null");
  body += '}';
  co_return http::Response::json(200, std::move(body));
}

awaitable<http::Response> DeadLetterEndpoints::stats(http::Request& request, Admission::Slot&) {
  if (Result<void> known = check_query_names(request, {}); !known) co_return error_response(request, known.error());
  Result<store::DeadLetterStats> found = co_await entries_.stats();
  if (!found) co_return error_response(request, std::move(found.error()));
  const std::int64_t total =
      found->pending + found->scheduled + found->resolved + found->discarded + found->acknowledged;
  const Json answer = {{"total", total},
                       {"pending", found->pending},
                       {"scheduled", found->scheduled},
                       {"resolved", found->resolved},
                       {"discarded", found->discarded},
                       {"acknowledged", found->acknowledged}};
  co_return http::Response::json(200, answer.dump());
}

awaitable<Result<DeadLetter>> DeadLetterEndpoints::find(const http::Request& request) {
  const std::optional<Uuid> id = Uuid::parse(request.param("id"));
  Error missing{ErrorCode::not_found, fmt::format("Dead letter '{}' not found", request.param("id")), {}};
  if (!id) co_return fail(std::move(missing));
  Result<std::optional<DeadLetter>> entry = co_await entries_.find(*id);
  if (!entry) co_return fail(std::move(entry.error()));
  if (!*entry) co_return fail(std::move(missing));
  co_return std::move(**entry);
}

awaitable<http::Response> DeadLetterEndpoints::get(http::Request& request, Admission::Slot&) {
  if (Result<void> known = check_query_names(request, {}); !known) co_return error_response(request, known.error());
  Result<DeadLetter> entry = co_await find(request);
  if (!entry) co_return error_response(request, std::move(entry.error()));
  co_return http::Response::json(200, entry_json(*entry));
}

awaitable<Result<void>> DeadLetterEndpoints::begin_again(const DeadLetter& entry, SteadyClock::time_point deadline) {
  if (!may_be_retried(entry.status))
    co_return fail(ErrorCode::invalid_state, fmt::format("The dead letter {}", why_not(entry.status)));
  Result<bool> claimed = co_await entries_.claim(entry.id, entry.retry_count);
  if (!claimed) co_return fail(std::move(claimed.error()));
  if (!*claimed) co_return fail(ErrorCode::invalid_state, "The dead letter is being retried already");
  bus::ControlRequest wanted{.execution_id = entry.execution_id, .action = "resume"};
  Result<OwnerAnswer> answer = co_await owner_.ask(std::move(wanted), std::nullopt, deadline);
  if (answer && answer->reply.error_code.empty()) co_return Result<void>();
  // It may have begun all the same: then it lives, and nothing is given back.
  Result<void> given_back = co_await entries_.give_back(entry.id, entry.retry_count);
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->unsure && given_back) {
    Result<std::optional<DeadLetter>> now = co_await entries_.find(entry.id);
    if (now && *now && (*now)->retry_count > entry.retry_count) co_return Result<void>();
  }
  const bus::ControlReply& reply = answer->reply;
  if (reply.error_code == "EXECUTION_NOT_FOUND") co_return fail(ErrorCode::not_found, reply.error);
  if (reply.error_code == "INVALID_STATE") co_return fail(ErrorCode::invalid_state, reply.error);
  co_return fail(ErrorCode::service_unavailable, reply.error);
}

awaitable<http::Response> DeadLetterEndpoints::retry(http::Request& request, Admission::Slot&) {
  if (lifecycle_.draining)
    co_return error_response(request, ApiError(ErrorCode::service_unavailable, "The service is shutting down"));
  if (Result<RequestBody> body = RequestBody::parse(request); !body)
    co_return error_response(request, std::move(body.error()));
  Result<DeadLetter> entry = co_await find(request);
  if (!entry) co_return error_response(request, std::move(entry.error()));
  const std::string id = entry->execution_id.to_string();
  const auto deadline = std::min(SteadyClock::now() + kPatience, lifecycle_.drain_deadline);
  Result<void> begun = co_await begin_again(*entry, deadline);
  if (!begun) co_return error_response(request, ApiError(std::move(begun.error())).with_execution(id));
  Result<std::optional<DeadLetter>> now = co_await entries_.find(entry->id);
  http::Response response = http::Response::json(202, entry_json(now && *now ? **now : *entry));
  response.headers.emplace_back("Location", "/api/executions/" + id);
  co_return response;
}

awaitable<http::Response> DeadLetterEndpoints::retry_many(http::Request& request, Admission::Slot& slot) {
  if (lifecycle_.draining)
    co_return error_response(request, ApiError(ErrorCode::service_unavailable, "The service is shutting down"));
  Result<RequestBody> body = RequestBody::parse(request);
  if (!body) co_return error_response(request, std::move(body.error()));
  store::DeadLetterFilter filter{.status = "pending"};
  for (const auto& [name, to] : {std::pair<std::string_view, std::string*>("workflow", &filter.workflow),
                                 std::pair<std::string_view, std::string*>("error", &filter.error)}) {
    Result<std::optional<std::string>> text = body->label(name, 1'024);
    if (!text) co_return error_response(request, std::move(text.error()));
    *to = text->value_or("");
  }
  Result<std::optional<std::string>> since = body->text("since");
  if (!since) co_return error_response(request, std::move(since.error()));
  Result<std::optional<Timestamp>> time = time_field("since", "field", *since);
  if (!time) co_return error_response(request, std::move(time.error()));
  filter.since = *time;

  Result<std::vector<DeadLetter>> matched = co_await entries_.page(std::move(filter), std::nullopt, kRetriedAtOnce + 1);
  if (!matched) co_return error_response(request, std::move(matched.error()));
  const bool more = matched->size() > kRetriedAtOnce;
  if (more) matched->pop_back();
  slot.release();
  Json retried = Json::array();
  Json refused = Json::array();
  const auto deadline = std::min(SteadyClock::now() + kPatience, lifecycle_.drain_deadline);
  for (const DeadLetter& entry : *matched) {
    Result<void> begun = co_await begin_again(entry, deadline);
    if (begun) {
      retried.push_back(entry.execution_id.to_string());
    } else {
      refused.push_back({{"execution_id", entry.execution_id.to_string()},
                         {"code", std::string(error_code_name(begun.error().code))},
                         {"message", begun.error().message}});
    }
  }
  const Json answer = {
      {"matched", matched->size()}, {"retried", std::move(retried)}, {"refused", std::move(refused)}, {"more", more}};
  co_return http::Response::json(202, answer.dump());
}

awaitable<http::Response> DeadLetterEndpoints::discard(http::Request& request, Admission::Slot&) {
  if (Result<void> known = check_query_names(request, {}); !known) co_return error_response(request, known.error());
  Result<DeadLetter> entry = co_await find(request);
  if (!entry) co_return error_response(request, std::move(entry.error()));
  Result<bool> done = co_await entries_.discard(entry->id);
  if (!done) co_return error_response(request, std::move(done.error()));
  // Twice is as good as once.
  if (*done || entry->status == "discarded") co_return http::Response::empty(204);
  const std::string_view why = may_be_retried(entry->status) ? "is being retried already" : why_not(entry->status);
  co_return error_response(request, ApiError(ErrorCode::invalid_state, fmt::format("The dead letter {}", why)));
}

}  // namespace r8r::api
