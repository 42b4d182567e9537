#pragma once
#include <functional>
#include <queue>
#include <vector>

#include "common/base/time.hpp"
#include "common/base/uuid.hpp"
#include "services/scheduler/clock.hpp"
#include "services/scheduler/engine/decision.hpp"

namespace r8r::scheduler {

/// Wall-clock timers of executions in memory: retries, waits, timeouts, deadlines. Entries are never removed early; who
/// is woken looks whether there is still something to do.
class TimerHeap {
 public:
  static constexpr int kDeadline = -1;
  static constexpr int kGate = -3;  ///< of no execution: a limit may let some start
  static constexpr int kPark = -2;  ///< it may be time to set the execution aside
  using Callback = std::function<void(Uuid execution, engine::Unit unit)>;

  TimerHeap(Clock& clock, Callback callback);

  /// `unit`: a node or item, {kDeadline} or {kPark}.
  void add(Timestamp at, Uuid execution, engine::Unit unit);
  std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    Timestamp at;
    Uuid execution;
    engine::Unit unit;
    bool operator>(const Entry& other) const { return at > other.at; }
  };

  void arm();
  void fire();

  Clock& clock_;
  Callback callback_;
  std::unique_ptr<Alarm> alarm_;
  Timestamp armed_for_ = Timestamp::max();
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
};

}  // namespace r8r::scheduler
