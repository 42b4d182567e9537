#pragma once
#include "common/http/router.hpp"

namespace r8r::api {

/// The component schemas of the OpenAPI document.
void add_schemas(http::Router& router);

}  // namespace r8r::api
