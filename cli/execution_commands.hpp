#pragma once
#include "cli/command_tree.hpp"
#include "cli/commands/execution_lists.hpp"
#include "cli/commands/executions.hpp"
#include "cli/commands/runs.hpp"

namespace r8r::cli {

/// The words about executions: r8r executions …, r8r runs …, and what `r8r workflows` says of them. Must not outlive
/// the tree.
class ExecutionCommands {
 public:
  explicit ExecutionCommands(CommandTree& tree) : tree_(tree) {}
  void add();
  void add_below_workflows(CLI::App* workflows);

 private:
  using Body = int (*)(Context&, const std::string& id);
  /// A command about one execution.
  CLI::App* about_one(CLI::App* parent, const char* name, const char* help, Body body);
  void add_resume(CLI::App* parent);
  void add_replay(CLI::App* parent);
  void add_run();
  void add_runs();
  void add_search(CLI::App* parent, const char* name, const char* help);

  CommandTree& tree_;
  std::string id_;
  std::string reason_;
  RunWait resume_;
  ReplayExecution replay_;
  ListExecutions list_;
  std::string workflow_;
  int log_lines_ = 10;
  bool with_trace_ = false;
  RunWorkflow run_;
  bool yes_ = false;
  ExportRun export_;
};

}  // namespace r8r::cli
