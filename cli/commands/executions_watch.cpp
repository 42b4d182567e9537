#include <map>

#include "cli/commands/runs.hpp"
#include "cli/console/local_time.hpp"

namespace r8r::cli {
namespace {

bool is_over(std::string_view status) {
  return status == "completed" || status == "failed" || status == "cancelled";
}

std::string node_line(const Json& node, bool utc) {
  const std::string status = member_text(node, "status");
  const std::string finished = member_text(node, "finished_at");
  std::string line = full_time(finished.empty() ? member_text(node, "started_at") : finished, utc);
  line += fmt::format("  {} [{}]", member_text(node, "node_id"), status);
  if (const std::string attempt = member_text(node, "attempt"); attempt != "1" && !attempt.empty())
    line += fmt::format(" attempt {}", attempt);
  if (const std::string took = member_text(node, "duration_ms"); !took.empty()) line += fmt::format(" {} ms", took);
  if (const std::string error = member_text(node, "error"); !error.empty()) line += fmt::format(": {}", error);
  return line;
}

}  // namespace

int watch_execution(Context& context, const std::string& id) {
  Console& console = context.console;
  const std::string path = "/api/executions/" + path_segment(id);
  std::map<std::string, std::string> said;  // of each node, what was said last
  std::string status;
  while (true) {
    const auto trace = context.api.get(path + "/trace");
    if (!trace) return console.fail(trace.error());
    for (const Json& node : trace->json.value("nodes", Json::array())) {
      if (!member_text(node, "item_index").empty()) continue;  // the node itself counts them
      std::string line = node_line(node, console.utc);
      std::string& last = said[member_text(node, "node_id")];
      if (line == last) continue;
      console.line(line);
      last = std::move(line);
    }
    const std::string now = member_text(trace->json, "status");
    if (now != status) console.line(fmt::format("Status: {}", now));
    status = now;
    if (is_over(status)) break;
    // The server holds this until the status changes: the pace of the next look.
    const auto pause = context.api.get(path + "?wait=1");
    if (!pause) return console.fail(pause.error());
  }
  const auto execution = context.api.get(path);
  if (!execution) return console.fail(execution.error());
  console.document(execution->json);
  if (const std::string error = member_text(execution->json, "error"); !error.empty()) console.fact("Error", error);
  if (const auto output = execution->json.find("output"); output != execution->json.end() && !output->is_null())
    console.line("Output:\n" + pretty(*output));
  return exit_code::of_execution_status(status, false);
}

}  // namespace r8r::cli
