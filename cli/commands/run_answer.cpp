#include "cli/commands/run_answer.hpp"

namespace r8r::cli {
namespace {

constexpr double kDefaultWaitSeconds = 300;
constexpr std::chrono::seconds kMargin{30};

}  // namespace

std::string wait_members(const RunWait& options) {
  std::string members = fmt::format(",\"wait\":{}", options.wait);
  if (options.timeout_seconds) members += fmt::format(",\"timeout_seconds\":{}", *options.timeout_seconds);
  return members;
}

std::chrono::milliseconds answer_limit(const RunWait& options) {
  const double seconds = options.wait ? options.timeout_seconds.value_or(kDefaultWaitSeconds) : 0;
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)) + kMargin;
}

int show_run_answer(Context& context, const Reply& reply, const RunWait& options) {
  Console& console = context.console;
  const Json& answer = reply.json;
  console.document(answer);
  const std::string id = member_text(answer, "execution_id");
  const std::string status = member_text(answer, "status");
  console.fact("Execution ID", id);
  console.fact("Status", status);
  if (const std::string error = member_text(answer, "error"); !error.empty()) console.fact("Error", error);
  if (const std::string duration = member_text(answer, "duration_ms"); !duration.empty())
    console.fact("Duration", duration + " ms");
  if (reply.status == 202) {
    // A resume says so when its wait ran out.
    if (options.wait) console.note("the wait ran out; the execution goes on");
    console.hint(fmt::format("Next: r8r executions show {}", id));
    return options.wait ? exit_code::kTimeout : exit_code::kSuccess;
  }
  if (const auto output = answer.find("output"); output != answer.end() && !output->is_null())
    console.line("Output:\n" + pretty(*output));
  console.hint(fmt::format("Next: r8r executions trace {}", id));
  const int exit = exit_code::of_execution_status(status, options.allow_failed);
  if (exit == exit_code::kWaitsForApproval) console.note(fmt::format("execution {} waits for an approval", id));
  return exit;
}

}  // namespace r8r::cli
