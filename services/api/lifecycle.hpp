#pragma once
#include "common/base/async.hpp"

namespace r8r::api {

/// Where the service stands between its start and its end; every part looks here before it takes new work.
struct Lifecycle {
  /// The database has its schema and the bus was reached once: requests can be served.
  bool started = false;
  bool draining = false;
  SteadyClock::time_point drain_deadline = SteadyClock::time_point::max();
};

}  // namespace r8r::api
