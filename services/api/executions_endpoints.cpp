#include "services/api/executions_endpoints.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/api/api_error.hpp"
#include "services/api/execution_json.hpp"
#include "services/api/query.hpp"

namespace r8r::api {
namespace {

constexpr std::int64_t kLongestHold = 60;
/// Between two looks at a row that somebody waits for.
constexpr auto kFirstLook = std::chrono::milliseconds(50);
constexpr auto kSlowestLook = std::chrono::milliseconds(1'000);

// What an answer says changes only with these two.
std::string tag_of(int run, const std::string& status) {
  return fmt::format("\"{}-{}\"", run, status);
}
// Of stored outputs in one answer.
constexpr std::size_t kMaxTraceBytes = 64u << 20;

http::Response not_found(const http::Request& request) {
  return error_response(
      request, ApiError(ErrorCode::execution_not_found, fmt::format("Execution '{}' not found", request.param("id"))));
}

}  // namespace

// It may begin between two looks: then it is found the second time.
awaitable<Result<std::optional<store::ExecutionRow>>> ExecutionsEndpoints::find(Uuid id) {
  Result<std::optional<store::ExecutionRow>> row = co_await executions_.find(id);
  if (row && !*row) row = co_await executions_.find_debounced(id);
  if (row && !*row) row = co_await executions_.find(id);
  co_return row;
}

awaitable<Result<std::optional<store::ExecutionState>>> ExecutionsEndpoints::state_of(Uuid id) {
  Result<std::optional<store::ExecutionState>> now = co_await executions_.state(id);
  if (!now || *now) co_return now;
  Result<std::optional<store::ExecutionRow>> row = co_await find(id);
  if (!row) co_return fail(std::move(row.error()));
  if (*row) now->emplace(store::ExecutionState{(*row)->run, (*row)->status, !(*row)->finished_at});
  co_return now;
}

awaitable<http::Response> ExecutionsEndpoints::get(http::Request& request, Admission::Slot& slot) {
  if (Result<void> known = check_query_names(request, {"wait"}); !known)
    co_return error_response(request, known.error());
  Result<std::optional<std::int64_t>> wait = query_integer(request, "wait", 0, kLongestHold);
  if (!wait) co_return error_response(request, std::move(wait.error()));
  const std::optional<Uuid> id = Uuid::parse(request.param("id"));
  if (!id) co_return not_found(request);
  Result<std::optional<store::ExecutionRow>> row = co_await find(*id);
  if (!row) co_return error_response(request, std::move(row.error()));
  if (!*row) co_return not_found(request);

  const auto known_tag = request.header("if-none-match");
  if (wait->value_or(0) > 0) {
    slot.release();
    // What the client knows; without it, what is now.
    std::string tag = known_tag ? std::string(*known_tag) : tag_of((*row)->run, (*row)->status);
    const auto limit = SteadyClock::now() + std::chrono::seconds(**wait);
    co_await change(*id, std::move(tag), limit);
    row = co_await find(*id);
    if (!row) co_return error_response(request, std::move(row.error()));
    if (!*row) co_return not_found(request);
  }
  // Its input may be another one a moment later.
  const bool takes_calls = !(*row)->live && !(*row)->finished_at;
  if (takes_calls) co_return http::Response::json(200, execution_json(**row));
  const std::string tag = tag_of((*row)->run, (*row)->status);
  http::Response response;
  if (known_tag == std::optional<std::string_view>(tag)) {
    response = http::Response::empty(304);
  } else {
    response = http::Response::json(200, execution_json(**row));
  }
  response.headers.emplace_back("ETag", tag);
  co_return response;
}

awaitable<void> ExecutionsEndpoints::change(Uuid id, std::string tag, SteadyClock::time_point limit) {
  std::chrono::milliseconds gap = kFirstLook;
  while (true) {
    Result<std::optional<store::ExecutionState>> state = co_await state_of(id);
    if (!state || !*state || !(*state)->live || tag_of((*state)->run, (*state)->status) != tag) co_return;
    const auto left = std::min(limit, lifecycle_.drain_deadline) - SteadyClock::now();
    if (left <= SteadyClock::duration::zero()) co_return;
    const bool slept = co_await sleep_for(std::min<SteadyClock::duration>(gap, left));
    if (!slept) co_return;
    gap = std::min(gap * 2, kSlowestLook);
  }
}

// Large outputs are stored apart. Past kMaxTraceBytes they stay references: the trace says what they weigh instead.
awaitable<Result<void>> ExecutionsEndpoints::read_outputs(Uuid id, std::vector<journal::JournalEntry>& entries) {
  std::size_t room = kMaxTraceBytes;
  for (journal::JournalEntry& entry : entries) {
    if (!entry.has_output || entry.finished_at == Timestamp{} || !payload::is_reference(entry.output)) continue;
    const std::size_t bytes = payload::bytes(entry.output);
    if (bytes > room) continue;
    room -= bytes;
    std::vector<std::string> one(1, std::move(entry.output));
    Result<std::vector<std::string>> whole = co_await payloads_.whole(id, std::move(one));
    if (!whole) co_return fail(std::move(whole.error()));
    entry.output = std::move(whole->front());
  }
  co_return Result<void>();
}

awaitable<http::Response> ExecutionsEndpoints::trace(http::Request& request, Admission::Slot&) {
  if (Result<void> known = check_query_names(request, {"include"}); !known)
    co_return error_response(request, known.error());
  const auto include = request.query_value("include");
  if (include && *include != "none" && *include != "all") {
    co_return error_response(request, invalid_field("include", "query 'include' must be 'none' or 'all'").value());
  }
  const std::optional<Uuid> id = Uuid::parse(request.param("id"));
  if (!id) co_return not_found(request);
  auto found = co_await executions_.find_with_journal(*id);
  if (!found) co_return error_response(request, std::move(found.error()));
  if (!*found) co_return not_found(request);
  store::ExecutionRow& row = (*found)->first;
  std::vector<std::string>& parts = (*found)->second;
  if (!row.trace.empty()) parts.push_back(std::move(row.trace));

  std::vector<journal::JournalEntry> entries;
  for (const std::string& part : parts) {
    Result<std::vector<journal::JournalEntry>> some = journal::parse_entries(part);
    if (!some) co_return error_response(request, std::move(some.error()));
    std::move(some->begin(), some->end(), std::back_inserter(entries));
  }

  TraceDetail detail = TraceDetail::full;
  if (include && *include == "none") {
    detail = TraceDetail::six_fields;
  } else {
    // Whether payloads may be shown is for the workflow to say; when it cannot be read they stay hidden.
    Result<Catalog::Entry> workflow = co_await catalog_.get({row.workflow_id, row.workflow_version});
    if (!workflow || !(*workflow)->settings.store_traces) detail = TraceDetail::times;
  }
  if (detail == TraceDetail::full) {
    Result<void> read = co_await read_outputs(*id, entries);
    if (!read) co_return error_response(request, std::move(read.error()));
  }
  co_return http::Response::json(200, trace_json(row, entries, detail));
}

}  // namespace r8r::api
