#pragma once
#include <unordered_set>

#include "common/base/metrics.hpp"
#include "common/bus/connection.hpp"
#include "common/bus/messages.hpp"
#include "common/http/request.hpp"
#include "services/api/monitor_access.hpp"
#include "services/api/monitor_session.hpp"

namespace r8r::api {

/// The live monitor: relays the events of every scheduler to the clients that want them. Listens to the bus only while
/// somebody watches.
class Monitor {
 public:
  struct Limits {
    std::size_t buffer = 1'024;
    std::size_t clients = 10'000;
  };
  Monitor(asio::io_context& io, bus::Connection& bus, store::Pool& pool, Limits limits);

  bool is_full() const { return sessions_.size() >= limits_.clients; }
  /// Serves one client until its connection ends.
  awaitable<void> serve(http::Request& request, http::WebSocket& socket);
  /// Events as they come from the bus.
  void relay(const std::vector<bus::Message>& messages);
  void relay_workflow_changed(const bus::WorkflowChanged& change);
  /// Ends clients that have been behind for a minute; runs until cancelled.
  awaitable<void> watch_slow_clients();
  void close_all(int code, std::string_view reason);
  std::size_t clients() const { return sessions_.size(); }

 private:
  void listen();
  void join(MonitorSession* session);
  void leave(MonitorSession* session);
  void offer(const MonitorEventPtr& event);

  asio::io_context& io_;
  bus::Connection& bus_;
  store::Pool& pool_;
  Limits limits_;
  std::unordered_set<MonitorSession*> sessions_;
  int arriving_ = 0;  // clients that are not in `sessions_` yet
  bus::Subscription events_;
  metrics::Gauge gauge_;
};

/// The restrictions in the query of a monitor request.
MonitorSelection selection_of(const http::Request& request);

}  // namespace r8r::api
