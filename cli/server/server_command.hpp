#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/console/console.hpp"

namespace r8r::cli {

/// The flags of `r8r server`.
struct ServerFlags {
  std::optional<int> port;
  std::string host;
  std::string data_dir;
  int workers = 1;
  int schedulers = 1;
  std::vector<std::string> workflow_folders;
  bool no_ui = false;  ///< for a dashboard that does not exist yet
};

/// Flags and environment into options, then the stack until it is asked to stop. Returns the exit code.
int run_server(Console& console, const ServerFlags& flags);

}  // namespace r8r::cli
