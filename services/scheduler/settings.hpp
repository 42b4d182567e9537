#pragma once
#include <chrono>
#include <string>

#include "common/base/environment.hpp"
#include "common/expr/value.hpp"

namespace r8r::scheduler {

struct Settings {
  CommonSettings common;
  std::string metrics_host = "127.0.0.1";
  unsigned short metrics_port = 9102;
  std::chrono::seconds lease{10};
  std::string name;            ///< shown to operators: host and pid
  expr::Value expression_env;  ///< what the expressions of triggers see as `env`
};

Settings read_settings(Environment& env);

}  // namespace r8r::scheduler
