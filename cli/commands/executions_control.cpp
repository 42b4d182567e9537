#include <iostream>

#include "cli/client/json_argument.hpp"
#include "cli/commands/executions.hpp"
#include "common/base/json_text.hpp"

namespace r8r::cli {
namespace {

std::string path_of(const std::string& id, const char* action) {
  return fmt::format("/api/executions/{}/{}", path_segment(id), action);
}

int stop(Context& context, const std::string& id, const char* action, const std::string& reason) {
  std::string body = "{";
  if (!reason.empty()) {
    body += "\"reason\":";
    append_json_string(body, reason);
  }
  body += '}';
  const auto reply = context.api.post(path_of(id, action), body);
  if (!reply) return context.console.fail(reply.error());
  context.console.document(reply->json);
  context.console.success(fmt::format("{} is {}", id, member_text(reply->json, "status")));
  return exit_code::kSuccess;
}

}  // namespace

int pause_execution(Context& context, const std::string& id, const std::string& reason) {
  const int exit = stop(context, id, "pause", reason);
  if (exit == exit_code::kSuccess) context.console.hint(fmt::format("Next: r8r executions resume {}", id));
  return exit;
}

int cancel_execution(Context& context, const std::string& id, const std::string& reason) {
  return stop(context, id, "cancel", reason);
}

int resume_execution(Context& context, const std::string& id, const RunWait& options) {
  const auto reply =
      context.api.post(path_of(id, "resume"), "{" + wait_members(options).substr(1) + "}", answer_limit(options));
  if (!reply) return context.console.fail(reply.error());
  return show_run_answer(context, *reply, options);
}

int replay_execution(Context& context, const ReplayExecution& options) {
  std::string body = "{" + wait_members(options).substr(1);
  if (!options.input.empty()) {
    const auto input = read_json_argument(options.input, std::cin);
    if (!input) return context.console.fail(input.error());
    body += ",\"input\":" + *input;
  }
  if (options.version) body += fmt::format(",\"version\":{}", *options.version);
  if (options.from_node) body += ",\"from_node\":" + Json(*options.from_node).dump();
  body += '}';
  const auto reply = context.api.post(path_of(options.id, "replay"), body, answer_limit(options));
  if (!reply) return context.console.fail(reply.error());
  return show_run_answer(context, *reply, options);
}

}  // namespace r8r::cli
