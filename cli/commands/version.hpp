#pragma once
#include "cli/commands/command.hpp"

namespace r8r::cli {

/// r8r version: of this program, and of the server when one answers. Never fails for want of a server.
int show_version(Context& context);

}  // namespace r8r::cli
