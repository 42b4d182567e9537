#pragma once
#include <functional>
#include <vector>

#include "common/base/time.hpp"
#include "common/base/uuid.hpp"
#include "services/scheduler/clock.hpp"
#include "services/scheduler/engine/decision.hpp"

namespace r8r::scheduler {

/// Wall-clock timers of executions in memory: retries, waits, timeouts, deadlines. Who is woken looks whether there is
/// still something to do. What belongs to executions that have left memory is dropped whenever there is twice as much
/// as was left the last time.
class TimerHeap {
 public:
  static constexpr int kDeadline = -1;
  static constexpr int kGate = -3;  ///< of no execution: a limit may let some start
  static constexpr int kPark = -2;  ///< it may be time to set the execution aside
  using Callback = std::function<void(Uuid execution, engine::Unit unit)>;

  /// `in_memory`: whether timers of this execution still matter.
  TimerHeap(Clock& clock, Callback callback, std::function<bool(const Uuid&)> in_memory);

  /// `unit`: a node or item, {kDeadline} or {kPark}.
  void add(Timestamp at, Uuid execution, engine::Unit unit);
  std::size_t size() const { return heap_.size(); }

 private:
  static constexpr std::size_t kLeast = 4'096;
  struct Entry {
    Timestamp at;
    Uuid execution;
    engine::Unit unit;
    bool operator>(const Entry& other) const { return at > other.at; }
  };

  void arm();
  void fire();
  void drop_forgotten();

  Clock& clock_;
  Callback callback_;
  std::function<bool(const Uuid&)> in_memory_;
  std::unique_ptr<Alarm> alarm_;
  Timestamp armed_for_ = Timestamp::max();
  std::vector<Entry> heap_;  // the earliest first
  std::size_t most_ = kLeast;
};

}  // namespace r8r::scheduler
