#pragma once
#include "cli/commands/command.hpp"

/// r8r db …: each function is one command and returns its exit code.
namespace r8r::cli {

/// 1 when something is wrong with the database.
int check_database(Context& context);
int apply_retention(Context& context, bool dry_run);

}  // namespace r8r::cli
