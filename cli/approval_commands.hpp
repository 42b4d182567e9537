#pragma once
#include "cli/command_tree.hpp"
#include "cli/commands/approvals.hpp"

namespace r8r::cli {

/// The words about approvals: r8r approve, r8r deny, r8r approvals …, r8r runs pending. Must not outlive the tree.
class ApprovalCommands {
 public:
  explicit ApprovalCommands(CommandTree& tree) : tree_(tree) {}
  void add();
  /// `pending` below `r8r runs`.
  void add_below_runs(CLI::App* runs);

 private:
  void add_decision(const char* name, const char* help, bool approve);

  CommandTree& tree_;
  ListApprovals list_;
  DecideApproval decide_;
  int pending_limit_ = 20;
};

}  // namespace r8r::cli
