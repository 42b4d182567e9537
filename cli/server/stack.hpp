#pragma once
#include <map>
#include <string>
#include <vector>

#include "common/base/result.hpp"

namespace r8r::server {

/// What `r8r server` was asked for.
struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8080;       ///< 0: any free one
  std::string data_dir;  ///< empty: see choose_data_dir()
  int workers = 1;
  int schedulers = 1;
  std::vector<std::string> workflow_folders;
  bool own_database = true;  ///< false: the environment names one
  bool own_bus = true;
  std::string api_key;  ///< what the api of this environment wants; may be empty
  std::map<std::string, std::string> environment;
};

/// Runs the whole stack until someone asks to stop: database, bus, services, in this order; prints the line with the
/// address on standard output when all are ready. Returns the exit code of the process; an Error says why nothing runs
/// (everything that was started has been stopped again).
Result<int> run_stack(const ServerOptions& options);

}  // namespace r8r::server
