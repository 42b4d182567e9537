#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/async.hpp"
#include "common/base/metrics.hpp"
#include "services/scheduler/execution_host.hpp"
#include "services/scheduler/ports.hpp"

namespace r8r::scheduler {

/// One life of a scheduler: from the row that names it until it is fenced, loses its lease, or ends cleanly. Holds a
/// fair share of the partitions and hosts their executions. When it is over everything it had in memory goes with it;
/// the process begins a new one.
class Incarnation {
 public:
  struct Terms {
    std::chrono::milliseconds lease;
    int partitions;  ///< how many the database has
    std::size_t max_output_bytes = payload::kDefaultMaxOutputBytes;
  };

  /// `id` was begun at `began` (monotonic, taken before the row was written).
  Incarnation(const Ports& ports, const Terms& terms, std::int64_t id, SteadyClock::time_point began);
  ~Incarnation();

  /// Until it is over. Returns after a clean end when `stopping` was asked for, else when ownership was lost.
  awaitable<void> run();
  /// Begins the clean end: hands everything over.
  void stop();

  bool holds_lease() const;
  bool owns(int partition) const { return held_.contains(partition); }
  std::vector<int> owned() const;
  /// Those of which everything has been looked at.
  std::vector<int> loaded() const;
  /// Called after each change of what it owns.
  void on_partitions_changed(std::function<void()> tell) { tell_of_partitions_ = std::move(tell); }
  std::size_t partitions_held() const { return held_.size(); }
  /// Has looked at the partitions at least once and taken its share.
  bool settled() const { return settled_; }
  std::size_t active() const { return host_.active(); }

 private:
  struct Subscriptions {
    bus::Subscription requests, effects, progress, control, notices;
  };

  awaitable<void> keep_lease();
  awaitable<void> balance_partitions();
  awaitable<void> balance_once();
  awaitable<void> find_claimed();
  awaitable<void> sweep_partitions();
  awaitable<std::size_t> sweep(std::vector<int> partitions, Timestamp before);
  awaitable<void> wake_parked();
  awaitable<void> wake(std::vector<Uuid> ids);
  awaitable<void> find_overlooked();
  awaitable<void> watch_tasks();
  awaitable<void> take(std::vector<int> partitions);
  awaitable<void> give_away(std::vector<int> partitions);
  Subscriptions subscribe(int partition);
  void over(const char* why);

  Ports ports_;
  std::chrono::milliseconds lease_;
  int partitions_;
  std::int64_t id_;
  ExecutionHost host_;
  std::map<int, Subscriptions> held_;
  std::function<void()> tell_of_partitions_ = [] {};
  bus::Subscription results_;
  bus::Subscription changes_;
  SteadyClock::time_point lease_valid_until_;
  SteadyClock::time_point claims_unclear_until_{};
  bool over_ = false;
  bool stopping_ = false;
  bool settled_ = false;
  bool look_again_ = false;
  Notifier ended_;
  Notifier partitions_changed_;
  Notifier sweep_soon_;
  Notifier wake_soon_;
  bool wake_again_ = false;
  metrics::Gauge held_gauge_;
  metrics::Counter lease_losses_;
  TaskGroup tasks_;
};

}  // namespace r8r::scheduler
