#pragma once
#include <memory>

#include "common/http/router.hpp"
#include "common/http/server.hpp"
#include "common/store/pool.hpp"
#include "services/api/access_log.hpp"
#include "services/api/backend.hpp"
#include "services/api/gate.hpp"
#include "services/api/monitor_access.hpp"
#include "services/api/request_metrics.hpp"
#include "services/api/settings.hpp"

namespace r8r::api {

/// The api as a whole: serves from the first moment (503 until database and bus are there), drains when told.
class Service {
 public:
  Service(asio::io_context& io, Settings settings);
  ~Service();

  /// Takes the port, or says why not.
  Result<void> listen();
  unsigned short port() const { return server_->port(); }
  /// Until drained; the answer is the process's exit code.
  awaitable<int> run();
  void begin_drain();
  /// Whether nothing of a request is left after run(): then the parts may be taken down in any order.
  bool ended_cleanly() const { return ended_cleanly_; }

 private:
  http::ServerOptions server_options();
  /// Waits for database and bus, then builds what needs them. False when the service is to end before or cannot start.
  awaitable<bool> start();
  awaitable<Result<int>> migrate_when_possible();
  awaitable<std::unique_ptr<bus::Connection>> connect_when_possible();
  awaitable<void> drain();
  void warn_of_open_doors() const;

  asio::io_context& io_;
  Settings settings_;
  std::string instance_;
  Lifecycle lifecycle_;
  Notifier drain_begun_;
  Authenticator keys_;
  Cors cors_;
  store::Pool pool_;
  Health health_;
  Admission admission_;
  Gate gate_;
  MonitorAccess monitor_access_;
  AccessLog access_log_;
  RequestMetrics request_metrics_;
  std::unique_ptr<Backend> backend_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
  TaskGroup tasks_;
  bool ended_cleanly_ = false;
};

}  // namespace r8r::api
