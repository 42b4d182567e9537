#include <fmt/ranges.h>

#include "cli/client/workflow_text.hpp"
#include "cli/commands/workflows.hpp"
#include "cli/console/local_time.hpp"

namespace r8r::cli {

int list_workflows(Context& context, const ListWorkflows& options) {
  std::string path = "/api/workflows";
  char separator = '?';
  if (!options.search.empty()) {
    path += fmt::format("{}search={}", separator, path_segment(options.search));
    separator = '&';
  }
  if (options.enabled) path += fmt::format("{}enabled={}", separator, *options.enabled);
  const auto reply = context.api.get(path);
  if (!reply) return context.console.fail(reply.error());
  const Json list = reply->json.value("workflows", Json::array());

  if (context.console.json) {
    // Scripts expect the definition in each entry; the list itself does not carry it.
    Json entries = Json::array();
    for (Json entry : list) {
      const auto whole = context.api.get("/api/workflows/" + path_segment(member_text(entry, "name")));
      if (!whole && whole.error().exit == exit_code::kNotFound) continue;  // deleted since
      if (!whole) return context.console.fail(whole.error());
      entry["definition"] = whole->json.value("definition", Json());
      entries.push_back(std::move(entry));
    }
    context.console.document(entries);
    return exit_code::kSuccess;
  }
  if (list.empty()) {
    const bool all = options.search.empty() && !options.enabled;
    context.console.line(all ? "There are no workflows yet." : "No workflow matches.");
    if (all) context.console.hint("Next: r8r workflows create FILE");
    return exit_code::kSuccess;
  }
  std::vector<std::vector<std::string>> rows;
  for (const Json& entry : list)
    rows.push_back({member_text(entry, "name"), entry.value("enabled", true) ? "yes" : "no",
                    short_time(member_text(entry, "updated_at"), context.console.utc)});
  context.console.table({"NAME", "ENABLED", "UPDATED"}, rows);
  return exit_code::kSuccess;
}

int show_workflow(Context& context, const ShowWorkflow& options) {
  Console& console = context.console;
  const auto reply = context.api.get("/api/workflows/" + path_segment(options.name));
  if (!reply) return console.fail(with_near_workflows(context, reply.error(), options.name));
  console.document(reply->json);
  if (console.json) return exit_code::kSuccess;
  std::string definition = member_text(reply->json, "definition");
  if (options.yaml) {
    if (definition.ends_with('\n')) definition.pop_back();
    console.line(definition);
    return exit_code::kSuccess;
  }

  const WorkflowText workflow = read_workflow(definition);
  console.fact("Workflow", member_text(reply->json, "name"));
  if (const std::string text = member_text(reply->json, "description"); !text.empty())
    console.fact("Description", text);
  console.fact("Version", member_text(reply->json, "version"));
  console.fact("Enabled", reply->json.value("enabled", true) ? "yes" : "no");
  console.fact("Updated", full_time(member_text(reply->json, "updated_at"), console.utc));
  if (!workflow.valid) {
    console.note("the definition cannot be read by this client; --yaml prints it as it is");
    return exit_code::kSuccess;
  }
  console.fact("Triggers",
               workflow.triggers.empty() ? "manual" : fmt::format("{}", fmt::join(workflow.triggers, ", ")));
  std::vector<std::string> next_runs;
  for (const Json& time : reply->json.value("next_runs", Json::array()))
    next_runs.push_back(full_time(time.get<std::string>(), console.utc));
  if (!next_runs.empty()) console.fact("Next runs", fmt::format("{}", fmt::join(next_runs, ", ")));
  for (const Json& schedule : reply->json.value("schedules", Json::array())) {
    const std::string error = member_text(schedule, "last_error");
    if (!error.empty())
      console.note(
          fmt::format("the schedule '{}' was due and started nothing: {}", member_text(schedule, "schedule"), error));
  }
  if (!workflow.inputs.empty()) {
    console.line("\nInputs:");
    std::vector<std::vector<std::string>> rows;
    for (const auto& input : workflow.inputs)
      rows.push_back({input.name, input.type, input.required && !input.has_default ? "yes" : "no", input.description});
    console.table({"NAME", "TYPE", "REQUIRED", "DESCRIPTION"}, rows);
  }
  console.line("\nNodes:");
  std::vector<std::vector<std::string>> rows;
  for (const auto& node : workflow.nodes)
    rows.push_back({node.id, node.type, fmt::format("{}", fmt::join(node.depends_on, ", "))});
  console.table({"NODE", "TYPE", "DEPENDS ON"}, rows);
  return exit_code::kSuccess;
}

}  // namespace r8r::cli
