#include "cli/commands/executions.hpp"

#include "cli/console/local_time.hpp"

namespace r8r::cli {
namespace {

void fact_if_any(Console& console, const char* name, const std::string& value) {
  if (!value.empty()) console.fact(name, value);
}

void document_member(Console& console, const char* title, const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found != object.end() && !found->is_null()) console.line(fmt::format("{}:\n{}", title, pretty(*found)));
}

std::string duration_text(const Json& object) {
  const std::string duration = member_text(object, "duration_ms");
  return duration.empty() ? "" : duration + " ms";
}

}  // namespace

void show_execution_facts(Console& console, const Json& execution) {
  const std::string version = member_text(execution, "workflow_version");
  console.fact("Execution", member_text(execution, "id"));
  console.fact("Workflow",
               member_text(execution, "workflow_name") + (version.empty() ? "" : " (version " + version + ")"));
  console.fact("Status", member_text(execution, "status"));
  console.fact("Trigger", member_text(execution, "trigger_type"));
  console.fact("Started", full_time(member_text(execution, "started_at"), console.utc));
  fact_if_any(console, "Finished", full_time(member_text(execution, "finished_at"), console.utc));
  fact_if_any(console, "Duration", duration_text(execution));
  fact_if_any(console, "Error", member_text(execution, "error"));
  fact_if_any(console, "Error node", member_text(execution, "error_node"));
  fact_if_any(console, "Origin", member_text(execution, "origin"));
  fact_if_any(console, "Replayed from", member_text(execution, "replayed_from"));
  fact_if_any(console, "Correlation ID", member_text(execution, "correlation_id"));
  fact_if_any(console, "Idempotency key", member_text(execution, "idempotency_key"));
  document_member(console, "Input", execution, "input");
  document_member(console, "Output", execution, "output");
}

int show_execution(Context& context, const std::string& id) {
  Console& console = context.console;
  const auto reply = context.api.get("/api/executions/" + path_segment(id));
  if (!reply) return console.fail(reply.error());
  console.document(reply->json);
  if (console.json) return exit_code::kSuccess;
  show_execution_facts(console, reply->json);
  console.hint(fmt::format("Next: r8r executions trace {}", id));
  return exit_code::kSuccess;
}

int trace_execution(Context& context, const std::string& id) {
  Console& console = context.console;
  const auto reply = context.api.get(fmt::format("/api/executions/{}/trace", path_segment(id)));
  if (!reply) return console.fail(reply.error());
  console.document(reply->json);
  if (console.json) return exit_code::kSuccess;
  console.fact("Execution", member_text(reply->json, "execution_id"));
  console.fact("Workflow", member_text(reply->json, "workflow_name"));
  console.fact("Status", member_text(reply->json, "status"));
  const Json nodes = reply->json.value("nodes", Json::array());
  if (nodes.empty()) {
    console.line("No node has started yet.");
    return exit_code::kSuccess;
  }
  std::vector<std::vector<std::string>> rows;
  for (const Json& node : nodes)
    rows.push_back({member_text(node, "node_id"), member_text(node, "node_type"), member_text(node, "status"),
                    member_text(node, "attempt"), member_text(node, "duration_ms"), member_text(node, "error")});
  console.line("");
  console.table({"NODE", "TYPE", "STATUS", "ATTEMPT", "MS", "ERROR"}, rows);
  return exit_code::kSuccess;
}

int explain_execution(Context& context, const std::string& id) {
  Console& console = context.console;
  const auto reply = context.api.get(fmt::format("/api/executions/{}/why", path_segment(id)));
  if (!reply) return console.fail(reply.error());
  console.document(reply->json);
  if (console.json) return exit_code::kSuccess;
  const Json& answer = reply->json;
  console.fact("Execution", member_text(answer, "execution_id"));
  console.fact("Workflow", member_text(answer, "workflow_name"));
  console.fact("Status", member_text(answer, "status"));
  console.fact("Last progress", full_time(member_text(answer, "last_progress_at"), console.utc));
  fact_if_any(console, "Owner", member_text(answer, "owner"));
  console.fact("Why", member_text(answer, "detail"));
  const Json waits = answer.value("waiting_for", Json::array());
  if (waits.empty()) return exit_code::kSuccess;
  std::vector<std::vector<std::string>> rows;
  for (const Json& wait : waits)
    rows.push_back({member_text(wait, "kind"), member_text(wait, "node_id"),
                    full_time(member_text(wait, "since"), console.utc),
                    full_time(member_text(wait, "until"), console.utc), member_text(wait, "detail")});
  console.line("");
  console.table({"WAITS FOR", "NODE", "SINCE", "UNTIL", "DETAIL"}, rows);
  return exit_code::kSuccess;
}

}  // namespace r8r::cli
