#pragma once
#include <optional>
#include <string>

#include "cli/commands/command.hpp"

namespace r8r::cli {

struct ListApprovals {
  std::string status;
  std::string assignee;
  std::string group;
  std::string workflow;
  int limit = 50;
};
/// Every command returns its exit code.
int list_approvals(Context& context, const ListApprovals& options);
/// What waits for a person, as a list of runs.
int list_pending_runs(Context& context, int limit);

struct DecideApproval {
  std::string id;  ///< of the approval, or of the execution that waits for one
  std::string comment;
  std::string by = "cli";
  bool allow_failed = false;
};
int decide_approval(Context& context, const DecideApproval& options, bool approve);

}  // namespace r8r::cli
