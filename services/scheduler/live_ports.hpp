#pragma once
#include "common/store/pool.hpp"
#include "services/scheduler/ports.hpp"
#include "services/scheduler/settings.hpp"

namespace r8r::scheduler {

/// NATS and PostgreSQL behind the ports of one incarnation. What it refers to must outlive it.
class LivePorts {
 public:
  LivePorts(asio::io_context& io, bus::Connection& bus, store::Pool& pool, Catalog& catalog, TaskOutlet& tasks,
            const DependentsBook& dependents, const Settings& settings, std::int64_t incarnation);
  ~LivePorts();

  Ports ports();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace r8r::scheduler
