#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "common/base/async.hpp"
#include "common/base/metrics.hpp"
#include "common/bus/connection.hpp"
#include "common/store/events.hpp"

namespace r8r::scheduler {

/// Starts the executions that events asked for later, and those of debounced webhook calls, when their time has come. A
/// row in the database becomes an execution once, whoever asks for it; that each partition has one owner only saves
/// work.
class DelayedStarts {
 public:
  struct Parts {
    asio::io_context& io;
    bus::Connection& bus;
    store::Pool& pool;
    std::int64_t incarnation;
    std::function<std::vector<int>()> owned;
    std::function<bool()> may_act;
  };

  explicit DelayedStarts(Parts parts);

  /// Until cancelled.
  awaitable<void> run();
  /// Other partitions are ours now.
  void partitions_changed();

 private:
  awaitable<bool> look();
  awaitable<bool> start_due(Timestamp now);

  Parts parts_;
  store::Events events_;
  std::optional<Timestamp> next_;
  bool look_again_ = true;
  SteadyClock::time_point last_look_{};
  Notifier wake_;
  bus::Subscription notices_;
  metrics::Counter of_events_;
  metrics::Counter of_webhooks_;
  metrics::Counter dropped_;
  metrics::Histogram lag_;
};

}  // namespace r8r::scheduler
