#pragma once
#include <optional>
#include <string>

#include "cli/commands/run_answer.hpp"

/// r8r executions …: each function is one command and returns its exit code.
namespace r8r::cli {

int show_execution(Context& context, const std::string& id);
int trace_execution(Context& context, const std::string& id);
/// What an execution is, without its nodes; for people.
void show_execution_facts(Console& console, const Json& execution);

/// What it waits for, or how it ended.
int explain_execution(Context& context, const std::string& id);

/// `reason` may be empty.
int pause_execution(Context& context, const std::string& id, const std::string& reason);
int cancel_execution(Context& context, const std::string& id, const std::string& reason);

int resume_execution(Context& context, const std::string& id, const RunWait& options);

struct ReplayExecution : RunWait {
  std::string id;
  std::string input;  ///< empty: the one that it had
  std::optional<int> version;
  std::optional<std::string> from_node;  ///< absent: from the start
};
int replay_execution(Context& context, const ReplayExecution& options);

}  // namespace r8r::cli
