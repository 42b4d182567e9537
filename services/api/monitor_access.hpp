#pragma once
#include <optional>
#include <string>

#include "common/http/request.hpp"
#include "services/api/auth.hpp"
#include "services/api/cors.hpp"

namespace r8r::api {

/// Who may watch. A token (or an API key) is enough; without either configured the monitor is open only to this
/// machine, unless it is declared public.
class MonitorAccess {
 public:
  struct Rules {
    std::string token;
    bool is_public = false;
    bool loopback = true;  ///< the service listens only there
  };
  MonitorAccess(Rules rules, const Authenticator& keys, const Cors& cors);

  /// The refusal, before the connection is upgraded; nullopt when the client may watch.
  std::optional<http::Response> check(const http::Request& request) const;
  /// Neither token nor key, not public, but on loopback: worth a warning at start.
  bool open_by_default() const { return !token_.is_set() && keys_.is_open() && !rules_.is_public && rules_.loopback; }

 private:
  Rules rules_;
  Secret token_;
  const Authenticator& keys_;
  const Cors& cors_;
};

/// The token that a request carries: ?token=, an Authorization or X-API-Key header, or the subprotocol
/// r8r.token.<token>.
std::optional<std::string> monitor_token_of(const http::Request& request);

/// The subprotocol to answer with: "r8r" when the client offered it or a token, else empty.
std::string monitor_subprotocol(const http::Request& request);

}  // namespace r8r::api
