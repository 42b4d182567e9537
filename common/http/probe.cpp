#include "common/http/probe.hpp"

#include "common/base/json_text.hpp"
#include "common/base/metrics.hpp"
#include "common/http/router.hpp"
#include "common/http/server.hpp"

namespace r8r::http {
namespace {

awaitable<Response> show_metrics(Request&) {
  Response response = Response::text(200, metrics::render());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  co_return response;
}

awaitable<Response> show_alive(Request&) {
  co_return Response::json(200, "{\"status\":\"ok\"}\n");
}

Response readiness_answer(const std::optional<std::string>& reason) {
  if (!reason) return Response::json(200, "{\"status\":\"ok\"}\n");
  Response response = Response::json(503, "{\"status\":\"unavailable\",\"reason\":" + json_string(*reason) + "}\n");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

Operation hidden(const char* id) {
  Operation operation;
  operation.id = id;
  operation.open = true;
  operation.hidden = true;
  return operation;
}

}  // namespace

void ServiceProbe::add_routes(Router& router, Readiness readiness) {
  router.add(Method::get, "/metrics", hidden("serviceMetrics"), show_metrics);
  router.add(Method::get, "/healthz", hidden("serviceAlive"), show_alive);
  router.add(Method::get, "/readyz", hidden("serviceReady"),
             [readiness = std::move(readiness)](Request&) -> awaitable<Response> {
               co_return readiness_answer(readiness ? readiness() : std::nullopt);
             });
}

ServiceProbe::ServiceProbe(asio::io_context& io, const std::string& host, unsigned short port, Readiness readiness)
    : router_(std::make_unique<Router>()) {
  add_routes(*router_, std::move(readiness));
  ServerOptions options;
  options.host = host;
  options.port = port;
  options.max_body = 0;
  options.max_connections = 256;
  options.max_websockets = 0;
  server_ = std::make_unique<Server>(io, std::move(options), *router_);
}

ServiceProbe::~ServiceProbe() = default;

Result<void> ServiceProbe::listen() {
  return server_->listen();
}
unsigned short ServiceProbe::port() const {
  return server_->port();
}
void ServiceProbe::stop() {
  server_->stop_accepting();
}

}  // namespace r8r::http
