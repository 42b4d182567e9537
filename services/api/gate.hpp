#pragma once
#include <functional>
#include <optional>

#include "common/http/router.hpp"
#include "services/api/admission.hpp"
#include "services/api/auth.hpp"
#include "services/api/cors.hpp"
#include "services/api/health.hpp"
#include "services/api/lifecycle.hpp"

namespace r8r::api {

/// What serves a route once it is let through.
using Endpoint = std::function<awaitable<http::Response>(http::Request&, Admission::Slot&)>;

/// What every request passes before its endpoint: the key, a place among the requests in work, and whether what all
/// endpoints need is there.
class Gate {
 public:
  /// `health_key`: what health and metrics want, if it is set; a key of the API does as well.
  Gate(const Authenticator& keys, const Cors& cors, Admission& admission, const Health& health,
       const Lifecycle& lifecycle, std::string_view health_key = {})
      : keys_(keys),
        cors_(cors),
        admission_(admission),
        health_(health),
        lifecycle_(lifecycle),
        health_key_(health_key) {}

  /// Before the body is read: answers preflights, refuses requests without the key that their route wants.
  std::optional<http::Response> screen(const http::Request& request) const;
  /// A handler that lets requests through to `endpoint` only when they can be served.
  http::Handler guard(Endpoint endpoint) const;
  /// The refusal of a request that cannot be served now for want of the database, or because the service is starting.
  std::optional<http::Response> unavailable(const http::Request& request) const;

 private:
  Access access_of(const http::Request& request) const;
  awaitable<http::Response> pass(http::Request& request, const Endpoint& endpoint) const;

  const Authenticator& keys_;
  const Cors& cors_;
  Admission& admission_;
  const Health& health_;
  const Lifecycle& lifecycle_;
  Secret health_key_;
};

}  // namespace r8r::api
