#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/async.hpp"
#include "common/base/result.hpp"

namespace r8r::http {

class Router;
class Server;

/// The small server that every service runs on its metrics port: GET /metrics, /healthz (alive), /readyz (able to
/// work).
class ServiceProbe {
 public:
  /// Why the service is not ready, or nullopt when it is.
  using Readiness = std::function<std::optional<std::string>()>;

  ServiceProbe(asio::io_context& io, const std::string& host, unsigned short port, Readiness readiness);
  ~ServiceProbe();

  Result<void> listen();
  unsigned short port() const;
  void stop();

  /// Adds the three routes to a router of one's own (the api serves them beside its paths); they stay out of the
  /// document.
  static void add_routes(Router& router, Readiness readiness);

 private:
  std::unique_ptr<Router> router_;
  std::unique_ptr<Server> server_;
};

}  // namespace r8r::http
