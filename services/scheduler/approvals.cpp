// Questions to people, as rows of the commits that ask them and that record what was decided.
#include "services/scheduler/execution_host.hpp"

namespace r8r::scheduler {

void ExecutionHost::add_approvals(ActiveExecution& execution, engine::Decision& decision,
                                  store::ExecutionProgress& progress) {
  for (engine::ApprovalChange& change : decision.approvals) {
    const std::string& node = execution.machine.workflow().nodes[static_cast<std::size_t>(change.node)].id;
    if (change.asked) {
      engine::Question& question = *change.asked;
      progress.approvals.push_back({.id = change.id,
                                    .node_id = node,
                                    .title = std::move(question.title),
                                    .description = std::move(question.description),
                                    .input = std::move(question.input),
                                    .default_action = std::move(question.default_action),
                                    .assignee = std::move(question.assignee),
                                    .groups = std::move(question.groups),
                                    .created_at = change.at,
                                    .expires_at = change.expires_at});
      execution.has_approvals = true;
    }
    if (change.decided) {
      progress.decisions.push_back({.id = change.id,
                                    .status = change.decided->approved ? "approved" : "rejected",
                                    .comment = std::move(change.decided->comment),
                                    .decided_by = std::move(change.decided->decided_by),
                                    .decided_at = change.at});
    }
  }
  decision.approvals.clear();
}

}  // namespace r8r::scheduler
