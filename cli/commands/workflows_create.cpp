#include "cli/client/workflow_text.hpp"
#include "cli/commands/workflows.hpp"
#include "cli/console/text.hpp"
#include "common/base/json_text.hpp"

namespace r8r::cli {
namespace {

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
  auto source = read_workflow_file(file);
  if (!source) return failed(std::move(source.error()));
  std::string body = "{\"definition\":";
  append_json_string(body, *source);
  body += '}';
  auto reply = context.api.post("/api/workflows", body);
  if (!reply) {
    Failure failure = std::move(reply.error());
    std::string problems = describe_problems(*source, shown_name(file), failure.details);
    if (!context.console.json && !problems.empty()) {
      problems.pop_back();
      context.console.note(problems);
    }
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

}  // namespace r8r::cli
