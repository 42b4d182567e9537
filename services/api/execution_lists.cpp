#include "services/api/execution_lists.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "services/api/api_error.hpp"
#include "services/api/execution_json.hpp"
#include "services/api/query.hpp"
#include "services/api/request_body.hpp"

namespace r8r::api {
namespace {

constexpr int kUsualPage = 50;
constexpr std::int64_t kLargestPage = 1'000;
constexpr std::int64_t kLargestOffset = 10'000;
/// Totals are exact up to here.
constexpr int kCountedTotal = 10'000;
constexpr std::size_t kLongestText = 1'024;

constexpr std::array<std::string_view, 7> kStatuses{"pending",   "running", "paused",   "waiting_for_approval",
                                                    "completed", "failed",  "cancelled"};
constexpr std::array<std::string_view, 14> kTriggers{
    "api",      "webhook",     "cron",          "manual", "mcp",    "event",  "delayed_event",
    "workflow", "subworkflow", "error_handler", "replay", "resume", "bridge", "test"};

bool is_trigger(std::string_view text) {
  return std::find(kTriggers.begin(), kTriggers.end(), text) != kTriggers.end() || text.starts_with("event:") ||
         text.starts_with("delayed_event:") || text.starts_with("workflow:");
}

Result<std::vector<std::string>> read_statuses(const http::Request& request) {
  std::vector<std::string> statuses;
  const auto given = request.query_value("status");
  if (!given) return statuses;
  std::string_view rest = *given;
  while (true) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view status = rest.substr(0, comma);
    if (std::find(kStatuses.begin(), kStatuses.end(), status) == kStatuses.end())
      return invalid_field("status", fmt::format("query 'status' must be one of {}, or several with commas between",
                                                 fmt::join(kStatuses, ", ")));
    statuses.emplace_back(status);
    if (comma == rest.size()) return statuses;
    rest.remove_prefix(comma + 1);
  }
}

Result<std::optional<Timestamp>> read_time(const http::Request& request, std::string_view name) {
  const auto given = request.query_value(name);
  if (!given) return std::nullopt;
  const std::optional<Timestamp> time = parse_rfc3339(*given);
  if (!time) return invalid_field(name, fmt::format("query '{}' must be a time as 2026-01-20T14:30:00Z", name));
  return time;
}

Result<std::string> read_text(const http::Request& request, std::string_view name) {
  const auto given = request.query_value(name);
  if (!given) return std::string();
  if (given->empty() || character_count(*given) > kLongestText)
    return invalid_field(name, fmt::format("query '{}' must be text of 1 to {} characters", name, kLongestText));
  return std::string(*given);
}

// Microseconds and id.
std::string cursor_of(const store::ExecutionSummary& last) {
  return encode_cursor(fmt::format("{} {}", to_unix_us(last.started_at), last.id.to_string()));
}

std::optional<store::ListPosition> position_of(std::string_view cursor) {
  const std::optional<std::string> text = decode_cursor(cursor);
  if (!text) return std::nullopt;
  std::int64_t us = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), us);
  const auto at = static_cast<std::size_t>(end - text->data());
  if (error != std::errc() || at >= text->size() || (*text)[at] != ' ') return std::nullopt;
  const std::optional<Uuid> id = Uuid::parse(std::string_view(*text).substr(at + 1));
  if (!id) return std::nullopt;
  return store::ListPosition{from_unix_us(us), *id};
}

}  // namespace

Result<ExecutionLists::Question> ExecutionLists::read(const http::Request& request) {
  Question question;
  store::ListFilter& filter = question.filter;
  const std::pair<const char*, std::string*> texts[] = {{"workflow", &filter.workflow},
                                                        {"trigger", &filter.trigger},
                                                        {"correlation_id", &filter.correlation_id},
                                                        {"idempotency_key", &filter.idempotency_key},
                                                        {"search", &filter.search}};
  for (const auto& [name, to] : texts) {
    Result<std::string> text = read_text(request, name);
    if (!text) return fail(std::move(text.error()));
    *to = std::move(*text);
  }
  if (!filter.trigger.empty() && !is_trigger(filter.trigger))
    return invalid_field(
        "trigger", fmt::format("query 'trigger' must be one of {}, event:NAME, delayed_event:NAME or workflow:NAME",
                               fmt::join(kTriggers, ", ")));
  Result<std::vector<std::string>> statuses = read_statuses(request);
  if (!statuses) return fail(std::move(statuses.error()));
  filter.statuses = std::move(*statuses);
  Result<std::optional<Timestamp>> from = read_time(request, "started_after");
  if (!from) return fail(std::move(from.error()));
  Result<std::optional<Timestamp>> to = read_time(request, "started_before");
  if (!to) return fail(std::move(to.error()));
  filter.started_after = *from;
  filter.started_before = *to;

  Result<std::optional<std::int64_t>> limit = query_integer(request, "limit", 0, std::numeric_limits<int>::max());
  if (!limit) return fail(std::move(limit.error()));
  const std::int64_t wanted = limit->value_or(0);
  question.limit = wanted == 0 ? kUsualPage : static_cast<int>(std::min(wanted, kLargestPage));
  const auto cursor = request.query_value("cursor");
  if (request.query_value("offset")) {
    if (cursor) return invalid_field("offset", "query 'offset' and 'cursor' exclude each other: give one of them");
    Result<std::optional<std::int64_t>> offset = query_integer(request, "offset", 0, std::numeric_limits<int>::max());
    if (!offset) return fail(std::move(offset.error()));
    if (**offset > kLargestOffset)
      return invalid_field("offset", fmt::format("query 'offset' goes to {}; further on use 'cursor' with the "
                                                 "next_cursor of the page before",
                                                 kLargestOffset));
    question.offset = static_cast<int>(**offset);
  }
  if (cursor) {
    question.after = position_of(*cursor);
    if (!question.after) return invalid_field("cursor", "query 'cursor' is not one that this API gave");
  }
  Result<std::optional<bool>> total = query_flag(request, "include_total");
  if (!total) return fail(std::move(total.error()));
  question.with_total = total->value_or(false);
  return question;
}

awaitable<http::Response> ExecutionLists::all(http::Request& request, Admission::Slot&) {
  Result<void> known =
      check_query_names(request, {"workflow", "status", "trigger", "limit", "offset", "cursor", "correlation_id",
                                  "idempotency_key", "started_after", "started_before", "search", "include_total"});
  if (!known) co_return error_response(request, std::move(known.error()));
  Result<Question> question = read(request);
  if (!question) co_return error_response(request, std::move(question.error()));
  const store::ListFilter& filter = question->filter;
  if (!filter.search.empty() && filter.workflow.empty() && !filter.started_after && !filter.started_before)
    co_return error_response(
        request,
        invalid_field("search", "query 'search' needs 'workflow', 'started_after' or 'started_before' beside it")
            .value());
  co_return co_await answer(request, std::move(*question));
}

awaitable<http::Response> ExecutionLists::of_workflow(http::Request& request, Admission::Slot&) {
  Result<void> known =
      check_query_names(request, {"status", "trigger", "limit", "offset", "cursor", "correlation_id", "idempotency_key",
                                  "started_after", "started_before", "search", "include_total"});
  if (!known) co_return error_response(request, std::move(known.error()));
  Result<Question> question = read(request);
  if (!question) co_return error_response(request, std::move(question.error()));
  question->filter.workflow = request.param("name");
  // What ran under a name stays readable when the workflow is gone; a name that nothing ran under has to exist.
  Result<DirectoryEntryPtr> workflow = co_await directory_.find(request.param("name"));
  if (!workflow) {
    if (workflow.error().code != ErrorCode::workflow_not_found)
      co_return error_response(request, std::move(workflow.error()));
    store::ListFilter any;
    any.workflow = request.param("name");
    Result<std::vector<store::ExecutionSummary>> some = co_await list_.page(std::move(any), std::nullopt, 1);
    if (!some) co_return error_response(request, std::move(some.error()));
    if (some->empty()) co_return error_response(request, std::move(workflow.error()));
  }
  co_return co_await answer(request, std::move(*question));
}

awaitable<http::Response> ExecutionLists::answer(http::Request& request, Question question) {
  // One more than wanted, to know whether there are more.
  Result<std::vector<store::ExecutionSummary>> page =
      co_await list_.page(question.filter, question.after, question.limit + 1, question.offset);
  if (!page) co_return error_response(request, std::move(page.error()));
  const bool more = page->size() > static_cast<std::size_t>(question.limit);
  if (more) page->pop_back();

  std::string body = "{\"executions\":[";
  for (const store::ExecutionSummary& execution : *page) {
    if (body.back() == '}') body += ',';
    body += summary_json(execution);
  }
  body += "],\"next_cursor\":";
  body += more ? '"' + cursor_of(page->back()) + '"' : std::string("null");
  if (question.with_total) {
    Result<std::int64_t> total = co_await list_.count(std::move(question.filter), kCountedTotal + 1);
    if (!total) co_return error_response(request, std::move(total.error()));
    const bool at_least = *total > kCountedTotal;
    body += fmt::format(",\"total\":{},\"total_is_estimate\":{}", at_least ? kCountedTotal : *total, at_least);
  }
  body += '}';
  co_return http::Response::json(200, std::move(body));
}

}  // namespace r8r::api
