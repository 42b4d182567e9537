#pragma once
#include <memory>
#include <optional>
#include <string>

#include "common/base/async.hpp"
#include "common/bus/connection.hpp"
#include "common/catalog/catalog.hpp"
#include "common/store/pool.hpp"
#include "services/scheduler/incarnation.hpp"
#include "services/scheduler/live_ports.hpp"
#include "services/scheduler/settings.hpp"
#include "services/scheduler/task_queue.hpp"
#include "services/scheduler/upstream_names.hpp"

namespace r8r::scheduler {

/// The service: connects, then lives one incarnation after another until it is asked to stop.
class Scheduler {
 public:
  Scheduler(asio::io_context& io, Settings settings);
  ~Scheduler();

  /// Until stop() has been carried out.
  awaitable<void> run();
  void stop();
  /// nullopt: able to do its job; else what is missing, for /readyz.
  std::optional<std::string> why_not_ready() const;

 private:
  awaitable<bool> connect();
  awaitable<void> live(std::int64_t id);
  awaitable<void> maintain_history();

  asio::io_context& io_;
  Settings settings_;
  Timestamp up_since_;
  store::Pool pool_;
  Catalog catalog_;
  std::unique_ptr<bus::Connection> bus_;
  std::unique_ptr<TaskQueue> task_queue_;
  std::unique_ptr<UpstreamNames> upstream_names_;
  std::unique_ptr<LivePorts> ports_;
  std::unique_ptr<Incarnation> incarnation_;
  int partitions_ = 0;
  bool stopping_ = false;
  Notifier stop_asked_;
  TaskGroup tasks_;
};

}  // namespace r8r::scheduler
