#include "cli/operations_commands.hpp"

#include "cli/commands/db.hpp"

namespace r8r::cli {

void OperationsCommands::add() {
  add_database();
  add_dead_letters();
}

void OperationsCommands::add_database() {
  CLI::App* db = tree_.group("db", "look after the server's database");
  tree_.command(db, "check", "look for what should not be there; 1 when something is",
                [this] { return tree_.with_server([](Context& context) { return check_database(context); }); });
  CLI::App* retention = tree_.command(
      db, "retention", "remove what is older than R8R_RETENTION_DAYS, or its workflow's retention_days, now",
      [this] { return tree_.with_server([this](Context& context) { return apply_retention(context, dry_run_); }); });
  retention->add_flag("--dry-run", dry_run_, "only say what would go");
  tree_.add_unbuilt(db, "db ", {{"migrate"}, {"backup"}});
}

void OperationsCommands::add_dead_letters() {
  CLI::App* dlq = tree_.group("dlq", "failed executions that nobody has handled");
  CLI::App* list = tree_.command(dlq, "list", "the newest first", [this] {
    return tree_.with_server([this](Context& context) { return list_dead_letters(context, list_); });
  });
  list->add_option("--status", list_.status, "pending (default), scheduled, resolved, discarded, acknowledged or all");
  list->add_option("--workflow", list_.workflow, "only of this workflow");
  list->add_option("--error", list_.error, "only with this text in the error");
  list->add_option("--since", list_.since, "only those that failed at this time or later (RFC 3339)");
  list->add_option("-n,--limit", list_.limit, "at most so many (50)")->check(CLI::Range(1, 1'000));

  CLI::App* show = tree_.command(dlq, "show", "one entry: error, input, retries", [this] {
    return tree_.with_server([this](Context& context) { return show_dead_letter(context, id_); });
  });
  CLI::App* discard = tree_.command(dlq, "discard", "nobody wants it; the execution stays readable", [this] {
    return tree_.with_server([this](Context& context) { return discard_dead_letter(context, id_); });
  });
  for (CLI::App* sub : {show, discard}) sub->add_option("id", id_, "the entry's id, or its execution's")->required();

  CLI::App* retry = tree_.command(dlq, "retry", "begin executions again; what completed is kept", [this] {
    if (retry_.all == !retry_.id.empty()) {
      return tree_.console().fail({"USAGE_ERROR", "give either an id or --all", exit_code::kUsage, {}, {}, {}, {}, {}});
    }
    return tree_.with_server([this](Context& context) { return retry_dead_letters(context, retry_); });
  });
  retry->add_option("id", retry_.id, "the entry's id, or its execution's");
  CLI::Option* all = retry->add_flag("--all", retry_.all, "all pending ones");
  retry->add_option("--workflow", retry_.workflow, "with --all: only of this workflow")->needs(all);
  retry->add_option("--error", retry_.error, "with --all: only with this text in the error")->needs(all);
  retry->add_option("--since", retry_.since, "with --all: only those that failed at this time or later")->needs(all);
}

}  // namespace r8r::cli
