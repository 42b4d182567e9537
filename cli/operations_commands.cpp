#include "cli/operations_commands.hpp"

#include "cli/commands/db.hpp"

namespace r8r::cli {

void OperationsCommands::add() {
  add_database();
}

void OperationsCommands::add_database() {
  CLI::App* db = tree_.group("db", "look after the server's database");
  tree_.command(db, "check", "look for what should not be there; 1 when something is",
                [this] { return tree_.with_server([](Context& context) { return check_database(context); }); });
  CLI::App* retention = tree_.command(db, "retention", "remove what is older than R8R_RETENTION_DAYS now", [this] {
    return tree_.with_server([this](Context& context) { return apply_retention(context, dry_run_); });
  });
  retention->add_flag("--dry-run", dry_run_, "only say what would go");
  tree_.add_unbuilt(db, "db ", {{"migrate"}, {"backup"}});
}

}  // namespace r8r::cli
