#pragma once
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
  expr::Value expression_env;  ///< what expressions see as `env`
  std::string name;            ///< of this process, in results and traces
};

/// What is wrong is noted in `env`.
Settings read_settings(Environment& env);

}  // namespace r8r::worker
