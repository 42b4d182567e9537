#include "cli/commands/runs.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>

#include "cli/client/workflow_text.hpp"
#include "cli/commands/executions.hpp"

namespace r8r::cli {
namespace {

Outcome<> review(Context& context, const std::string& name) {
  Console& console = context.console;
  const auto found = context.api.get("/api/workflows/" + path_segment(name));
  if (!found) return failed(with_near_workflows(context, found.error(), name));
  const WorkflowText workflow = read_workflow(member_text(found->json, "definition"));
  std::string nodes, outside;
  for (const WorkflowText::Node& node : workflow.nodes) {
    nodes += fmt::format("{}{} ({})", nodes.empty() ? "" : ", ", node.id, node.type);
    if (node.reaches_outside) outside += fmt::format("{}{} ({})", outside.empty() ? "" : ", ", node.id, node.type);
  }
  console.note(
      fmt::format("Workflow: {} (version {})", member_text(found->json, "name"), member_text(found->json, "version")));
  console.note(fmt::format("Nodes: {}", workflow.valid ? nodes : "unknown to this client"));
  if (workflow.valid) console.note(fmt::format("Outside calls: {}", outside.empty() ? "none" : outside));
  return {};
}

// Until somebody says yes or no; the end of the answers is a no.
bool agreed(Console& console, std::istream& answers) {
  std::string line;
  while (true) {
    console.note("Run? [yes/no]");
    if (!std::getline(answers, line)) return false;
    if (line == "yes" || line == "y") return true;
    if (line == "no" || line == "n" || line.empty()) return false;
  }
}

struct WholeRun {
  Json execution;
  Json nodes;
};

Outcome<WholeRun> whole_run(Context& context, const std::string& id) {
  const auto execution = context.api.get("/api/executions/" + path_segment(id));
  if (!execution) return failed(execution.error());
  const auto trace = context.api.get(fmt::format("/api/executions/{}/trace", path_segment(id)));
  if (!trace) return failed(trace.error());
  return WholeRun{execution->json, trace->json.value("nodes", Json::array())};
}

Json members(const Json& from, std::initializer_list<const char*> names) {
  Json out = Json::object();
  for (const char* name : names) out[name] = from.contains(name) ? from.at(name) : Json(nullptr);
  return out;
}

std::string line_of(const char* type, const Json& head, const Json& rest) {
  Json line = {{"type", type}};
  line.update(head);
  line.update(rest);
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string json_lines(const WholeRun& run) {
  std::string text = line_of("execution", Json::object(),
                             members(run.execution, {"id", "workflow_name", "status", "trigger_type", "started_at",
                                                     "finished_at", "error", "input", "output"}));
  const Json id = {{"execution_id", member_text(run.execution, "id")}};
  for (const Json& node : run.nodes)
    text += line_of("node_execution", id,
                    members(node, {"node_id", "status", "started_at", "finished_at", "error", "output"}));
  return text;
}

}  // namespace

int review_and_run(Context& context, const RunWorkflow& options, std::istream* answers) {
  if (answers != nullptr) {
    if (const auto reviewed = review(context, options.name); !reviewed) return context.console.fail(reviewed.error());
    if (!agreed(context.console, *answers)) {
      context.console.note("nothing was run");
      return exit_code::kError;
    }
  }
  return run_workflow(context, options);
}

int show_run(Context& context, const std::string& id, bool with_trace) {
  if (!with_trace) return show_execution(context, id);
  Console& console = context.console;
  auto run = whole_run(context, id);
  if (!run) return console.fail(run.error());
  run->execution["trace"] = run->nodes;
  console.document(run->execution);
  if (console.json) return exit_code::kSuccess;
  show_execution_facts(console, run->execution);
  std::vector<std::vector<std::string>> rows;
  for (const Json& node : run->nodes)
    rows.push_back({member_text(node, "node_id"), member_text(node, "status"), member_text(node, "duration_ms"),
                    member_text(node, "error")});
  console.line("");
  console.table({"NODE", "STATUS", "MS", "ERROR"}, rows);
  return exit_code::kSuccess;
}

int export_run(Context& context, const ExportRun& options) {
  Console& console = context.console;
  const auto run = whole_run(context, options.id);
  if (!run) return console.fail(run.error());
  const std::string text = options.format == "json"
                               ? pretty({{"execution", run->execution}, {"nodes", run->nodes}}) + '\n'
                               : json_lines(*run);
  if (options.file.empty()) {
    console.raw(text);
    return exit_code::kSuccess;
  }
  std::ofstream out(options.file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out)
    return console.fail({"IO_ERROR",
                         fmt::format("cannot write '{}': {}", options.file, std::strerror(errno)),
                         exit_code::kError,
                         {},
                         {},
                         {},
                         {},
                         {}});
  const std::string done = fmt::format("exported {} to {}", options.id, options.file);
  console.document({{"ok", true}, {"message", done}});
  console.success(done);
  return exit_code::kSuccess;
}

}  // namespace r8r::cli
