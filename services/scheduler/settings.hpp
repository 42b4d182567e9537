#pragma once
#include <chrono>
#include <string>

#include "common/base/environment.hpp"

namespace r8r::scheduler {

struct Settings {
  CommonSettings common;
  std::string metrics_host = "127.0.0.1";
  unsigned short metrics_port = 9102;
  std::chrono::seconds lease{10};
  std::string name;  ///< shown to operators: host and pid
};

Settings read_settings(Environment& env);

}  // namespace r8r::scheduler
