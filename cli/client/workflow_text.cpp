#include "cli/client/workflow_text.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <limits>

#include "cli/client/json_argument.hpp"
#include "common/base/json_text.hpp"
#include "common/workflow/format_problem.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::cli {
namespace {

std::string describe(const workflow::Trigger& trigger) {
  std::string text = trigger.type;
  if (trigger.cron) text += fmt::format(" {} ({})", trigger.cron->schedule.text(), trigger.cron->timezone);
  if (trigger.event) text += " " + trigger.event->event;
  if (!trigger.webhook) return text;
  if (!trigger.webhook->path.empty()) text += " " + trigger.webhook->path;
  if (!trigger.webhook->methods.empty()) text += fmt::format(" {}", fmt::join(trigger.webhook->methods, " "));
  return text;
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int>() : 0;
}

}  // namespace

WorkflowText read_workflow(std::string_view source) {
  // What the server's version runs is for the server to say.
  workflow::LoadResult loaded = workflow::load(source);
  loaded.warnings.insert(loaded.warnings.end(), loaded.not_run.begin(), loaded.not_run.end());
  WorkflowText text;
  text.problems = Json::parse(workflow::problems_json(loaded.problems));
  text.warnings = Json::parse(workflow::problems_json(loaded.warnings));
  if (loaded.workflow == nullptr) return text;
  const workflow::Workflow& model = *loaded.workflow;
  text.valid = true;
  text.name = model.name;
  text.description = model.description;
  for (const auto& trigger : model.triggers) text.triggers.push_back(describe(trigger));
  for (const auto& input : model.inputs)
    text.inputs.push_back({input.name, input.type, input.description, input.required, input.default_value.has_value()});
  for (const auto& node : model.nodes) {
    WorkflowText::Node& entry = text.nodes.emplace_back();
    entry.id = node.id;
    entry.type = node.type;
    entry.reaches_outside = node.node_class == workflow::NodeClass::effect && !node.pinned.has_value();
    for (const int index : node.depends_on)
      entry.depends_on.push_back(model.nodes.at(static_cast<std::size_t>(index)).id);
  }
  return text;
}

namespace {

std::vector<workflow::Problem> problems_of(const Json& list) {
  std::vector<workflow::Problem> problems;
  if (!list.is_array()) return problems;
  for (const Json& entry : list) {
    if (!entry.is_object() || text_at(entry, "message").empty()) continue;
    problems.push_back({text_at(entry, "path"), number_at(entry, "line"), number_at(entry, "column"),
                        text_at(entry, "message"), text_at(entry, "hint")});
  }
  return problems;
}

}  // namespace

std::string shown_name(const std::string& file) {
  return file == "-" ? "standard input" : file;
}

Outcome<std::string> read_workflow_file(const std::string& file) {
  std::error_code ignored;
  if (file != "-" && std::filesystem::is_directory(file, ignored)) {
    Failure failure{"IO_ERROR", fmt::format("'{}' is a folder", file), exit_code::kError, {}, {}, {}, {}, {}};
    failure.hints.push_back(fmt::format("give the files in it: {}{}*.yaml", file, file.ends_with('/') ? "" : "/"));
    return failed(std::move(failure));
  }
  auto source = read_file_or(file, std::cin);
  if (source && !is_valid_utf8(*source))
    return failed("YAML_ERROR", fmt::format("{}: the file is not UTF-8 text", shown_name(file)));
  return source;
}

std::string describe_problems(std::string_view source, const std::string& file, const Json& problems) {
  std::string text;
  for (const auto& problem : problems_of(problems)) text += workflow::format_problem(source, file, problem);
  return text;
}

std::string describe_findings(std::string_view source, const std::string& file, const WorkflowText& found) {
  using workflow::Severity;
  std::vector<std::pair<workflow::Problem, Severity>> all;
  for (auto& problem : problems_of(found.problems)) all.emplace_back(std::move(problem), Severity::error);
  for (auto& problem : problems_of(found.warnings)) all.emplace_back(std::move(problem), Severity::warning);
  // "… more are not listed" has no place and stays last.
  const auto place = [](const workflow::Problem& problem) {
    return std::pair(problem.line > 0 ? problem.line : std::numeric_limits<int>::max(), problem.column);
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const auto& a, const auto& b) { return place(a.first) < place(b.first); });
  std::string text;
  for (const auto& [problem, severity] : all) text += workflow::format_problem(source, file, problem, severity);
  return text;
}

std::vector<std::string> missing_inputs(const WorkflowText& workflow, const std::string& input) {
  std::vector<std::string> lines;
  const Json given = Json::parse(input, nullptr, false);
  // Anything but an object is for the server to refuse: it knows what the workflow takes.
  if (!given.is_object() && !given.is_null()) return lines;
  for (const auto& declared : workflow.inputs) {
    if (!declared.required || declared.has_default) continue;
    if (given.is_object() && given.contains(declared.name) && !given.at(declared.name).is_null()) continue;
    lines.push_back(fmt::format("--param {}=<{}> (required){}", declared.name, declared.type,
                                declared.description.empty() ? "" : "  " + declared.description));
  }
  return lines;
}

}  // namespace r8r::cli
