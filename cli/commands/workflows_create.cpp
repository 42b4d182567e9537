#include <iostream>

#include "cli/client/json_argument.hpp"
#include "cli/client/workflow_text.hpp"
#include "cli/commands/workflows.hpp"
#include "common/base/json_text.hpp"

namespace r8r::cli {
namespace {

std::string shown_name(const std::string& file) {
  return file == "-" ? "standard input" : file;
}

Outcome<std::string> read_source(const std::string& file) {
  auto source = read_file_or(file, std::cin);
  if (source && !is_valid_utf8(*source))
    return failed("YAML_ERROR", fmt::format("{}: the file is not UTF-8 text", shown_name(file)));
  return source;
}

std::string counted(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

Json created(const Reply& reply) {
  const auto version = reply.json.value("version", 1);
  return Json{{"ok", true},
              {"id", reply.json.value("id", Json())},
              {"name", reply.json.value("name", Json())},
              {"nodes", reply.json.value("node_count", Json())},
              {"triggers", reply.json.value("trigger_count", Json())},
              {"enabled", reply.json.value("enabled", Json())},
              {"version", version},
              {"updated", reply.status == 201 && version > 1}};
}

Outcome<Json> create_one(Context& context, const std::string& file) {
  auto source = read_source(file);
  if (!source) return failed(std::move(source.error()));
  std::string body = "{\"definition\":";
  append_json_string(body, *source);
  body += '}';
  auto reply = context.api.post("/api/workflows", body);
  if (!reply) {
    Failure failure = std::move(reply.error());
    const std::string problems = describe_problems(*source, shown_name(file), failure.details);
    if (!context.console.json && !problems.empty()) context.console.note(problems);
    failure.message = fmt::format("{}: {}", shown_name(file), failure.message);
    return failed(std::move(failure));
  }
  const Json result = created(*reply);
  const std::string name = member_text(result, "name");
  const int version = result.value("version", 1);
  const std::string size = counted(result.value("nodes", std::size_t{0}), "node");
  if (reply->status == 200) {
    context.console.success(fmt::format("Workflow '{}' is unchanged (version {})", name, version));
  } else if (version > 1) {
    context.console.success(fmt::format("Updated workflow '{}' to version {} ({})", name, version, size));
  } else {
    context.console.success(fmt::format("Created workflow '{}' ({})", name, size));
  }
  return result;
}

}  // namespace

int create_workflows(Context& context, const std::vector<std::string>& files) {
  int exit = exit_code::kSuccess;
  Json results = Json::array();
  for (const std::string& file : files) {
    auto result = create_one(context, file);
    if (result) {
      results.push_back(std::move(*result));
      continue;
    }
    const int code = context.console.fail(result.error());
    if (exit == exit_code::kSuccess) exit = code;
    // The other files would meet the same silence.
    if (code == exit_code::kUnreachable) break;
  }
  if (files.size() > 1) {
    context.console.document(results);
  } else if (!results.empty()) {
    context.console.document(results.front());
  }
  if (exit == exit_code::kSuccess && results.size() == 1)
    context.console.hint(fmt::format("Next: r8r workflows run {}", member_text(results.front(), "name")));
  return exit;
}

int validate_workflows(Console& console, const std::vector<std::string>& files) {
  int exit = exit_code::kSuccess;
  Json results = Json::array();
  for (const std::string& file : files) {
    const auto source = read_source(file);
    if (!source) {
      exit = console.fail(source.error());
      continue;
    }
    const WorkflowText workflow = read_workflow(*source);
    results.push_back({{"file", file},
                       {"valid", workflow.valid},
                       {"name", workflow.valid ? Json(workflow.name) : Json(nullptr)},
                       {"nodes", workflow.nodes.size()},
                       {"triggers", workflow.triggers.size()},
                       {"errors", workflow.problems},
                       {"warnings", workflow.warnings}});
    if (!console.json && !workflow.warnings.empty())
      console.note("warnings:\n" + describe_problems(*source, shown_name(file), workflow.warnings));
    if (workflow.valid) {
      console.success(fmt::format("{}: workflow '{}' is valid ({}, {})", shown_name(file), workflow.name,
                                  counted(workflow.nodes.size(), "node"),
                                  counted(workflow.triggers.size(), "trigger")));
      continue;
    }
    exit = exit_code::kError;
    if (console.json) continue;
    console.note(describe_problems(*source, shown_name(file), workflow.problems));
    console.fail({"VALIDATION_ERROR",
                  fmt::format("{}: {}", shown_name(file), counted(workflow.problems.size(), "problem")),
                  exit_code::kError,
                  {},
                  {},
                  {},
                  {},
                  {}});
  }
  console.document(results);
  return exit;
}

}  // namespace r8r::cli
