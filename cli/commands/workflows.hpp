#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/run_answer.hpp"

/// r8r workflows …: each function is one command and returns its exit code.
namespace r8r::cli {

struct ListWorkflows {
  std::string search;
  std::optional<bool> enabled;
};
int list_workflows(Context& context, const ListWorkflows& options);

/// Every file is tried; the exit code is that of the first failure.
int create_workflows(Context& context, const std::vector<std::string>& files);

struct ShowWorkflow {
  std::string name;
  bool yaml = false;
};
int show_workflow(Context& context, const ShowWorkflow& options);

struct RunWorkflow : RunWait {
  std::string name;
  std::string input;  ///< empty: none given
  std::vector<std::string> parameters;
  std::string idempotency_key;
  std::string correlation_id;
};
int run_workflow(Context& context, const RunWorkflow& options);

/// Offline.
int validate_workflows(Console& console, const std::vector<std::string>& files);

}  // namespace r8r::cli
