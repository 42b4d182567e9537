#include "services/api/executions_endpoints.hpp"

#include <fmt/format.h>

#include "services/api/api_error.hpp"
#include "services/api/execution_json.hpp"
#include "services/api/query.hpp"

namespace r8r::api {
namespace {

http::Response not_found(const http::Request& request) {
  return error_response(
      request, ApiError(ErrorCode::execution_not_found, fmt::format("Execution '{}' not found", request.param("id"))));
}

}  // namespace

awaitable<http::Response> ExecutionsEndpoints::get(http::Request& request, Admission::Slot&) {
  if (Result<void> known = check_query_names(request, {}); !known) co_return error_response(request, known.error());
  const std::optional<Uuid> id = Uuid::parse(request.param("id"));
  if (!id) co_return not_found(request);
  Result<std::optional<store::ExecutionRow>> row = co_await executions_.find(*id);
  if (!row) co_return error_response(request, std::move(row.error()));
  if (!*row) co_return not_found(request);

  // What an answer says changes only with these two.
  const std::string tag = fmt::format("\"{}-{}\"", (*row)->run, (*row)->status);
  http::Response response;
  if (request.header("if-none-match") == std::optional<std::string_view>(tag)) {
    response = http::Response::empty(304);
  } else {
    response = http::Response::json(200, execution_json(**row));
  }
  response.headers.emplace_back("ETag", tag);
  co_return response;
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
  co_return http::Response::json(200, trace_json(row, entries, detail));
}

}  // namespace r8r::api
