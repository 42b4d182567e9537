#pragma once
#include "common/http/router.hpp"
#include "services/api/route_table.hpp"

namespace r8r::api {

/// The paths of those who run the system, with their schemas.
void add_operations_routes(http::Router& router, const RouteParts& parts);

}  // namespace r8r::api
