#include "cli/commands/executions.hpp"
#include "common/base/json_text.hpp"

namespace r8r::cli {
namespace {

constexpr double kDefaultWaitSeconds = 300;
/// The server decides when a wait is over; ours is longer, so that its answer arrives.
constexpr std::chrono::seconds kMargin{30};

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

int resume_execution(Context& context, const ResumeExecution& options) {
  Console& console = context.console;
  std::string body = fmt::format("{{\"wait\":{}", options.wait);
  if (options.timeout_seconds) body += fmt::format(",\"timeout_seconds\":{}", *options.timeout_seconds);
  body += '}';
  const double seconds = options.wait ? options.timeout_seconds.value_or(kDefaultWaitSeconds) : 0;
  const auto limit = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)) + kMargin;
  const auto reply = context.api.post(path_of(options.id, "resume"), body, limit);
  if (!reply) return console.fail(reply.error());
  console.document(reply->json);
  const Json& answer = reply->json;
  const std::string status = member_text(answer, "status");
  console.fact("Execution ID", member_text(answer, "execution_id"));
  console.fact("Status", status);
  if (const std::string error = member_text(answer, "error"); !error.empty()) console.fact("Error", error);
  if (const std::string duration = member_text(answer, "duration_ms"); !duration.empty())
    console.fact("Duration", duration + " ms");
  if (const auto output = answer.find("output"); output != answer.end() && !output->is_null())
    console.line("Output:\n" + pretty(*output));
  if (reply->status == 202) {
    if (options.wait) console.note("the wait ran out; the execution goes on");
    console.hint(fmt::format("Next: r8r executions show {}", options.id));
    return options.wait ? exit_code::kTimeout : exit_code::kSuccess;
  }
  console.hint(fmt::format("Next: r8r executions trace {}", options.id));
  return exit_code::of_execution_status(status, options.allow_failed);
}

}  // namespace r8r::cli
