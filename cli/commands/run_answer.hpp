#pragma once
#include <optional>

#include "cli/commands/command.hpp"

/// What commands that start or resume executions have in common: waiting, and showing how it ended.
namespace r8r::cli {

struct RunWait {
  bool wait = true;
  std::optional<double> timeout_seconds;
  bool allow_failed = false;
};

/// `,"wait":…` and, when it was given, `,"timeout_seconds":…`.
std::string wait_members(const RunWait& options);
/// How long the client waits for the answer: longer than the server, which decides when a wait is over.
std::chrono::milliseconds answer_limit(const RunWait& options);
/// Shows {execution_id, status, error, duration_ms, output}; the exit code is that of the execution.
int show_run_answer(Context& context, const Reply& reply, const RunWait& options);

}  // namespace r8r::cli
