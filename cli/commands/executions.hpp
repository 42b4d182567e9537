#pragma once
#include <optional>
#include <string>

#include "cli/commands/command.hpp"

/// r8r executions …: each function is one command and returns its exit code.
namespace r8r::cli {

int show_execution(Context& context, const std::string& id);
int trace_execution(Context& context, const std::string& id);
/// One execution, and its nodes when asked for.
int show_run(Context& context, const std::string& id, bool with_trace);

/// What it waits for, or how it ended.
int explain_execution(Context& context, const std::string& id);

/// `reason` may be empty.
int pause_execution(Context& context, const std::string& id, const std::string& reason);
int cancel_execution(Context& context, const std::string& id, const std::string& reason);

struct ResumeExecution {
  std::string id;
  bool wait = true;
  std::optional<double> timeout_seconds;
  bool allow_failed = false;
};
int resume_execution(Context& context, const ResumeExecution& options);

}  // namespace r8r::cli
