#pragma once
#include <string>

#include "cli/commands/command.hpp"

/// r8r executions …: each function is one command and returns its exit code.
namespace r8r::cli {

int show_execution(Context& context, const std::string& id);
int trace_execution(Context& context, const std::string& id);

}  // namespace r8r::cli
