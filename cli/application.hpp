#pragma once

namespace r8r::cli {

/// Reads the command line, runs the command, and returns the process's exit code (see client/exit_code.hpp).
int run_application(int argc, char** argv);

}  // namespace r8r::cli
