#pragma once
#include <memory>

#include "common/http/router.hpp"
#include "services/api/backend.hpp"
#include "services/api/gate.hpp"
#include "services/api/health.hpp"
#include "services/api/monitor_access.hpp"

namespace r8r::api {

/// What routes refer to; all of it outlives the router. `backend` is null until the service has started, and the gate
/// lets nothing through to it before.
struct RouteParts {
  const Gate& gate;
  Health& health;
  const MonitorAccess& monitor_access;
  const Lifecycle& lifecycle;
  const std::unique_ptr<Backend>& backend;
};

/// Every path of the service with its description, the answers to unknown ones, and the OpenAPI document of it all.
void add_routes(http::Router& router, RouteParts parts);

}  // namespace r8r::api
