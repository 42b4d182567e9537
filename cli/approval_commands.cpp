#include "cli/approval_commands.hpp"

namespace r8r::cli {

void ApprovalCommands::add_decision(const char* name, const char* help, bool approve) {
  CLI::App* sub = tree_.command(&tree_.root(), name, help, [this, approve] {
    return tree_.with_server([this, approve](Context& context) { return decide_approval(context, decide_, approve); });
  });
  sub->add_option("id", decide_.id, "of the approval, or of the execution that waits for it")->required();
  sub->add_option("-c,--comment", decide_.comment, "why; the workflow sees it");
  sub->add_option("--by", decide_.by, "who decides (cli)");
  sub->add_flag("--allow-failed", decide_.allow_failed, "exit 0 also when the execution then failed");
  sub->footer("Waits until the execution has ended or asks again, at most five minutes.");
}

void ApprovalCommands::add() {
  CLI::App* approvals = tree_.group("approvals", "what executions ask people");
  CLI::App* list = tree_.command(approvals, "list", "approvals, newest first", [this] {
    return tree_.with_server([this](Context& context) { return list_approvals(context, list_); });
  });
  list->add_option("--status", list_.status, "pending, approved, rejected, expired");
  list->add_option("--assignee", list_.assignee, "exactly this one");
  list->add_option("--group", list_.group, "one of the approval's groups");
  list->add_option("--workflow", list_.workflow, "of executions of this workflow");
  list->add_option("-n,--limit", list_.limit, "at most so many (50)")->check(CLI::Range(1, 1'000));
  add_decision("approve", "approve what an execution asks, and let it go on", true);
  add_decision("deny", "reject what an execution asks, and let it go on", false);
}

void ApprovalCommands::add_below_runs(CLI::App* runs) {
  CLI::App* pending = tree_.command(runs, "pending", "what waits for somebody to approve it", [this] {
    return tree_.with_server([this](Context& context) { return list_pending_runs(context, pending_limit_); });
  });
  pending->add_option("-n,--limit", pending_limit_, "at most so many (20)")->check(CLI::Range(1, 1'000));
}

}  // namespace r8r::cli
