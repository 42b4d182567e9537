#pragma once
#include <string>
#include <unordered_set>

#include "common/base/async.hpp"
#include "common/base/metrics.hpp"
#include "common/bus/connection.hpp"
#include "common/store/dependencies.hpp"
#include "services/scheduler/ports.hpp"

namespace r8r::scheduler {

/// The workflows whose endings start others, kept in memory so that the end of any other one costs nothing. While that
/// may be out of date every workflow may be one of them: noting an ending for nobody does no harm.
class UpstreamNames : public DependentsBook {
 public:
  UpstreamNames(asio::io_context& io, bus::Connection& bus, store::Pool& pool);

  bool has_dependents(const std::string& workflow) const override;
  /// Until cancelled.
  awaitable<void> run();

 private:
  bus::Connection& bus_;
  store::Dependencies dependencies_;
  std::unordered_set<std::string> names_;
  bool current_ = false;
  bool changed_ = false;          ///< since we began to read
  std::uint64_t reconnects_ = 0;  ///< of the bus when the names were read: later notices may be lost
  Notifier wake_;
  bus::Subscription changes_;
  metrics::Gauge count_;
};

}  // namespace r8r::scheduler
