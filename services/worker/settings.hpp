#pragma once
#include <map>
#include <string>
#include <vector>

#include "common/base/environment.hpp"
#include "common/expr/value.hpp"
#include "services/worker/address_guard.hpp"

namespace r8r::worker {

struct Settings {
  CommonSettings common;
  std::vector<std::string> pools;  ///< whose tasks this worker takes
  std::size_t concurrency = 256;   ///< effect tasks at once
  std::string metrics_host;
  unsigned short metrics_port = 9103;
  AddressGuard guard;
  std::vector<std::string> allowed_env;  ///< names that expressions see besides R8R_…
  std::string name;                      ///< of this process, in results and traces
};

/// What is wrong is noted in `env`.
Settings read_settings(Environment& env);

/// What expressions see as `env`: the variables named R8R_…, and those of `allowed`. The addresses and keys with which
/// r8r itself is run (R8R_DATABASE_URL, R8R_API_KEY, …) are only there when `allowed` names them.
expr::Value expression_env(const std::map<std::string, std::string>& variables,
                           const std::vector<std::string>& allowed);

/// The process's environment as it is.
std::map<std::string, std::string> process_variables();

}  // namespace r8r::worker
