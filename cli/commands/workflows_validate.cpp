#include "cli/client/workflow_text.hpp"
#include "cli/commands/workflows.hpp"
#include "cli/console/text.hpp"

namespace r8r::cli {
namespace {

Json unread(const std::string& file, const Failure& failure) {
  const Json problem = {{"path", ""}, {"line", 0}, {"column", 0}, {"message", failure.message}, {"hint", ""}};
  return {{"file", file},
          {"valid", false},
          {"name", nullptr},
          {"nodes", 0},
          {"triggers", 0},
          {"errors", Json::array({problem})},
          {"warnings", Json::array()}};
}

Json result_of(const std::string& file, const WorkflowText& workflow) {
  return {{"file", file},
          {"valid", workflow.valid},
          {"name", workflow.valid ? Json(workflow.name) : Json(nullptr)},
          {"nodes", workflow.nodes.size()},
          {"triggers", workflow.triggers.size()},
          {"errors", workflow.problems},
          {"warnings", workflow.warnings}};
}

std::string with_warnings(std::size_t count) {
  return count == 0 ? "" : ", " + counted(count, "warning");
}

}  // namespace

int validate_workflows(Console& console, const std::vector<std::string>& files) {
  std::size_t wrong = 0;
  Json results = Json::array();
  for (const std::string& file : files) {
    const auto source = read_workflow_file(file);
    if (!source) {
      ++wrong;
      results.push_back(unread(file, source.error()));
      if (!console.json) console.fail(source.error());
      continue;
    }
    const WorkflowText workflow = read_workflow(*source);
    const std::string name = shown_name(file);
    results.push_back(result_of(file, workflow));
    if (!workflow.valid) ++wrong;
    if (console.json) continue;
    if (std::string text = describe_findings(*source, name, workflow); !text.empty()) {
      text.pop_back();
      console.note(text);
    }
    if (workflow.valid) {
      console.success(fmt::format("{}: workflow '{}' is valid ({}, {}{})", name, workflow.name,
                                  counted(workflow.nodes.size(), "node"), counted(workflow.triggers.size(), "trigger"),
                                  with_warnings(workflow.warnings.size())));
    } else {
      console.fail({"VALIDATION_ERROR",
                    fmt::format("{}: {}{}", name, counted(workflow.problems.size(), "error"),
                                with_warnings(workflow.warnings.size())),
                    exit_code::kError,
                    {},
                    {},
                    {},
                    {},
                    {}});
    }
  }
  if (files.size() > 1 && wrong > 0)
    console.hint(fmt::format("{} of {} are not valid", wrong, counted(files.size(), "file")));
  console.document(results);
  return wrong == 0 ? exit_code::kSuccess : exit_code::kError;
}

}  // namespace r8r::cli
