#include "services/api/gate.hpp"

#include "services/api/api_error.hpp"

namespace r8r::api {

std::optional<http::Response> Gate::screen(const http::Request& request) const {
  if (Cors::is_preflight(request)) return cors_.preflight(request);
  const Access access = access_of(request);
  if (access == Access::granted) return std::nullopt;
  return unauthorized(request, access, "An API key");
}

Access Gate::access_of(const http::Request& request) const {
  if (!request.route) return Access::granted;
  const http::Operation& operation = request.route->operation;
  const bool wants_health_key = health_key_.is_set() && operation.health;
  if (operation.open && !wants_health_key) return Access::granted;
  if (!wants_health_key) return keys_.check(request);
  const auto given = credential_of(request);
  if (!given) return Access::missing;
  return health_key_.matches(*given) || keys_.knows(*given) ? Access::granted : Access::wrong;
}

http::Handler Gate::guard(Endpoint endpoint) const {
  return [this, endpoint = std::move(endpoint)](http::Request& request) { return pass(request, endpoint); };
}

std::optional<http::Response> Gate::unavailable(const http::Request& request) const {
  if (!health_.database_ok())
    return error_response(request, ApiError(ErrorCode::service_unavailable, "The database is away; try again shortly"));
  if (!lifecycle_.started)
    return error_response(request,
                          ApiError(ErrorCode::service_unavailable, "The service is starting; try again shortly"));
  return std::nullopt;
}

awaitable<http::Response> Gate::pass(http::Request& request, const Endpoint& endpoint) const {
  Admission::Slot slot = admission_.try_enter();
  if (!slot) slot = co_await admission_.enter();
  if (!slot)
    co_return error_response(request,
                             ApiError(ErrorCode::queue_full, "Too many requests are in work; try again shortly"));
  if (std::optional<http::Response> refusal = unavailable(request)) co_return std::move(*refusal);
  co_return co_await endpoint(request, slot);
}

}  // namespace r8r::api
