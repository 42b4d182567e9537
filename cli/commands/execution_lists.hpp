#pragma once
#include <string>
#include <utility>
#include <vector>

#include "cli/commands/command.hpp"

/// Lists of executions: each function is one command and returns its exit code.
namespace r8r::cli {

/// What is empty is not asked for.
struct ListExecutions {
  std::string workflow;
  std::string status;
  std::string trigger;
  std::string search;
  std::string correlation_id;
  std::string started_after;
  std::string started_before;
  int limit = 20;
  int offset = 0;
};

enum class ListColumns { with_workflow, of_one_workflow };
int list_executions(Context& context, const ListExecutions& options, ListColumns columns);
/// Executions of a workflow that has to exist.
int workflow_logs(Context& context, const std::string& workflow, int limit);

}  // namespace r8r::cli
