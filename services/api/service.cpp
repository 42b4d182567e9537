#include "services/api/service.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/log.hpp"
#include "common/base/metrics.hpp"
#include "common/store/migrations.hpp"
#include "services/api/api_error.hpp"
#include "services/api/route_table.hpp"
#include "services/api/version.hpp"

namespace r8r::api {
namespace {

constexpr auto kPatience = std::chrono::seconds(1);
constexpr auto kBetweenAttempts = std::chrono::seconds(1);
/// How long answers may take to leave after the last wait was cut short.
constexpr auto kLastAnswers = std::chrono::seconds(1);

store::PoolOptions pool_options(const Settings& settings) {
  store::PoolOptions options;
  options.url = settings.common.database_url;
  options.application_name = "r8r-api";
  options.size = static_cast<std::size_t>(settings.common.db_pool_size);
  return options;
}

}  // namespace

Service::Service(asio::io_context& io, Settings settings)
    : io_(io),
      settings_(std::move(settings)),
      instance_(Uuid::v4().to_string()),
      drain_begun_(io),
      keys_(settings_.api_key),
      cors_(settings_.cors_origins, settings_.cors_allow_all),
      pool_(io, pool_options(settings_)),
      health_(io, pool_, lifecycle_),
      admission_(io, settings_.max_concurrent_requests, kPatience),
      gate_(keys_, cors_, admission_, health_, lifecycle_, settings_.health_api_key),
      monitor_access_({settings_.monitor_token, settings_.monitor_public, settings_.listens_on_loopback()}, keys_,
                      cors_),
      access_log_(io),
      tasks_(io) {
  add_routes(router_, {gate_, health_, monitor_access_, lifecycle_, backend_});
  server_ = std::make_unique<http::Server>(io_, server_options(), router_);
}

Service::~Service() = default;

http::ServerOptions Service::server_options() {
  http::ServerOptions options;
  options.host = settings_.host;
  options.port = settings_.port;
  options.max_body = settings_.max_body_bytes;
  options.max_connections = settings_.max_connections;
  options.max_websockets = settings_.monitor_max_clients;
  options.trust_request_id = settings_.trust_request_id;
  options.error_response = [](const http::Request& request, int status, ErrorCode code, const std::string& message) {
    return error_response(request, ApiError(code, message).with_status(status));
  };
  options.screen = [this](http::Request& request) { return gate_.screen(request); };
  options.decorate = [this](const http::Request& request, http::Response& response) {
    cors_.decorate(request, response);
  };
  options.on_response = [this](const http::Request& request, const http::Response& response,
                               std::chrono::steady_clock::duration took) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took);
    request_metrics_.record(request.method_name,
                            request.route ? std::string_view(request.route->pattern) : std::string_view(),
                            response.status, us);
    if (settings_.access_log) access_log_.record(request, response, us);
  };
  return options;
}

Result<void> Service::listen() {
  return server_->listen();
}

void Service::begin_drain() {
  if (std::exchange(lifecycle_.draining, true)) return;
  log::info("shutting down");
  drain_begun_.notify_all();
}

awaitable<int> Service::run() {
  metrics::gauge("r8r_build_info", "Always 1", {{"version", std::string(kVersion)}, {"service", "api"}}).set(1);
  warn_of_open_doors();
  tasks_.spawn("health", health_.watch());
  tasks_.spawn("database check", health_.watch_data());
  const bool started = co_await start();
  if (started) {
    log::info("ready", {{"url", fmt::format("http://{}:{}", settings_.host, server_->port())},
                        {"version", kVersion},
                        {"partitions", settings_.common.partitions}});
  }
  while (started && !lifecycle_.draining) co_await drain_begun_.wait();
  const bool failed = !started && !lifecycle_.draining;
  lifecycle_.draining = true;
  co_await drain();
  co_return failed ? 1 : 0;
}

awaitable<bool> Service::start() {
  Result<int> partitions = co_await migrate_when_possible();
  if (!partitions) {
    if (!lifecycle_.draining) log::error("cannot start", {{"error", partitions.error().message}});
    co_return false;
  }
  settings_.common.partitions = *partitions;
  std::unique_ptr<bus::Connection> connection = co_await connect_when_possible();
  if (!connection) co_return false;
  backend_ =
      std::make_unique<Backend>(io_, settings_, lifecycle_, pool_, std::move(connection), *partitions, instance_);
  if (Result<void> subscribed = backend_->subscribe(); !subscribed) {
    log::error("cannot start", {{"error", subscribed.error().message}});
    co_return false;
  }
  health_.set_bus(*backend_->bus, instance_);
  tasks_.spawn("backlog", backend_->backlog.watch());
  tasks_.spawn("completion poll", backend_->waiter.poll_rows());
  tasks_.spawn("slow monitor clients", backend_->monitor.watch_slow_clients());
  lifecycle_.started = true;
  co_return true;
}

awaitable<Result<int>> Service::migrate_when_possible() {
  bool said = false;
  while (true) {
    Result<int> partitions = co_await store::migrate(pool_, settings_.common.partitions);
    if (partitions || partitions.error().code != ErrorCode::service_unavailable || lifecycle_.draining)
      co_return partitions;
    if (!std::exchange(said, true)) log::warn("waiting for the database", {{"error", partitions.error().message}});
    co_await drain_begun_.wait_for(kBetweenAttempts);
    if (lifecycle_.draining) co_return partitions;
  }
}

awaitable<std::unique_ptr<bus::Connection>> Service::connect_when_possible() {
  bus::Options options;
  options.url = settings_.common.nats_url;
  options.name = "r8r-api";
  bool said = false;
  while (!lifecycle_.draining) {
    Result<std::unique_ptr<bus::Connection>> connection =
        co_await bus::Connection::connect(io_, options, std::chrono::seconds(2));
    if (connection) co_return std::move(*connection);
    if (!std::exchange(said, true)) log::warn("waiting for the message bus", {{"error", connection.error().message}});
    co_await drain_begun_.wait_for(kBetweenAttempts);
  }
  co_return nullptr;
}

awaitable<void> Service::drain() {
  if (settings_.shutdown_delay.count() > 0) co_await sleep_for(settings_.shutdown_delay);
  server_->stop_accepting();
  lifecycle_.drain_deadline = SteadyClock::now() + settings_.common.shutdown_timeout;
  if (backend_) {
    backend_->waiter.end_waits_at(lifecycle_.drain_deadline);
    backend_->monitor.close_all(1001, "the server is shutting down");
  }
  if (backend_) co_await backend_->event_inbox.close();
  const bool clean = co_await server_->drain(settings_.common.shutdown_timeout + kLastAnswers);
  if (!clean) log::warn("some connections were cut off at the end of the shutdown");
  tasks_.cancel();
  const bool idle = co_await tasks_.wait(std::chrono::seconds(2));
  ended_cleanly_ = idle && clean;
  if (backend_) co_await backend_->bus->flush(std::chrono::seconds(1));
  access_log_.flush();
  log::info("stopped");
}

void Service::warn_of_open_doors() const {
  if (keys_.is_open() && !settings_.listens_on_loopback()) {
    log::warn("the API is open to everybody who reaches this address; set R8R_API_KEY to close it",
              {{"host", settings_.host}});
  }
  if (monitor_access_.open_by_default())
    log::warn("the monitor is open to programs on this machine; set R8R_MONITOR_TOKEN to close it");
}

}  // namespace r8r::api
