#include "cli/commands/execution_lists.hpp"

#include <algorithm>

#include "cli/console/local_time.hpp"

namespace r8r::cli {
namespace {

/// What the API gives at most in one answer.
constexpr int kLargestPage = 1'000;

/// A query from pairs; those without a value are left out.
std::string query_of(const std::vector<std::pair<const char*, std::string>>& pairs) {
  std::string query;
  for (const auto& [name, value] : pairs) {
    if (value.empty()) continue;
    query += query.empty() ? '?' : '&';
    query += fmt::format("{}={}", name, path_segment(value));
  }
  return query;
}

/// Up to `limit` executions of the list at `path`, page by page.
Outcome<Json> executions_at(Context& context, const std::string& path,
                            std::vector<std::pair<const char*, std::string>> filters, int limit, int offset) {
  Json all = Json::array();
  std::string cursor;
  while (static_cast<int>(all.size()) < limit) {
    auto pairs = filters;
    pairs.emplace_back("limit", std::to_string(std::min(limit - static_cast<int>(all.size()), kLargestPage)));
    if (cursor.empty() && offset > 0) pairs.emplace_back("offset", std::to_string(offset));
    pairs.emplace_back("cursor", cursor);
    const auto reply = context.api.get(path + query_of(pairs));
    if (!reply) return failed(reply.error());
    for (const Json& execution : reply->json.value("executions", Json::array())) all.push_back(execution);
    cursor = member_text(reply->json, "next_cursor");
    if (cursor.empty()) break;
  }
  return all;
}

void show(Console& console, const Json& executions, ListColumns columns) {
  console.document(executions);
  if (console.json) return;
  if (executions.empty()) {
    console.line("No executions.");
    return;
  }
  const bool with_workflow = columns == ListColumns::with_workflow;
  std::vector<std::string> headers{"EXECUTION ID", "STATUS", "TRIGGER", "STARTED"};
  if (with_workflow) headers.insert(headers.begin() + 1, "WORKFLOW");
  std::vector<std::vector<std::string>> rows;
  for (const Json& execution : executions) {
    std::vector<std::string> row{member_text(execution, "id"), member_text(execution, "status"),
                                 member_text(execution, "trigger_type"),
                                 full_time(member_text(execution, "started_at"), console.utc)};
    if (with_workflow) row.insert(row.begin() + 1, member_text(execution, "workflow_name"));
    rows.push_back(std::move(row));
  }
  console.table(headers, rows);
}

}  // namespace

int list_executions(Context& context, const ListExecutions& options, ListColumns columns) {
  const auto executions = executions_at(context, "/api/executions",
                                        {{"workflow", options.workflow},
                                         {"status", options.status},
                                         {"trigger", options.trigger},
                                         {"correlation_id", options.correlation_id},
                                         {"search", options.search},
                                         {"started_after", options.started_after},
                                         {"started_before", options.started_before}},
                                        options.limit, options.offset);
  if (!executions) return context.console.fail(executions.error());
  show(context.console, *executions, columns);
  return exit_code::kSuccess;
}

int workflow_logs(Context& context, const std::string& workflow, int limit) {
  const auto executions =
      executions_at(context, fmt::format("/api/workflows/{}/executions", path_segment(workflow)), {}, limit, 0);
  if (!executions) return context.console.fail(with_near_workflows(context, executions.error(), workflow));
  show(context.console, *executions, ListColumns::of_one_workflow);
  return exit_code::kSuccess;
}

}  // namespace r8r::cli
