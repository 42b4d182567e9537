#include "services/scheduler/timer_heap.hpp"

#include <algorithm>

namespace r8r::scheduler {

TimerHeap::TimerHeap(Clock& clock, Callback callback, std::function<bool(const Uuid&)> in_memory)
    : clock_(clock),
      callback_(std::move(callback)),
      in_memory_(std::move(in_memory)),
      alarm_(clock.make_alarm([this] { fire(); })) {}

void TimerHeap::add(Timestamp at, Uuid execution, engine::Unit unit) {
  if (heap_.size() >= most_) drop_forgotten();
  heap_.push_back({at, execution, unit});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  if (at < armed_for_) arm();
}

// Each ends long before its deadline, as a rule: an hour of deadlines of what has ended is more than all else.
void TimerHeap::drop_forgotten() {
  std::erase_if(heap_, [&](const Entry& entry) { return entry.unit.node != kGate && !in_memory_(entry.execution); });
  std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
  most_ = std::max(kLeast, 2 * heap_.size());
  if (heap_.capacity() > 2 * most_) heap_.shrink_to_fit();
}

void TimerHeap::arm() {
  if (heap_.empty()) {
    armed_for_ = Timestamp::max();
    return;
  }
  armed_for_ = heap_.front().at;
  // At most a minute at a time: the wall clock may jump while the steady clock sleeps.
  const auto pause = std::clamp<std::chrono::microseconds>(armed_for_ - clock_.wall_now(), std::chrono::microseconds(0),
                                                           std::chrono::minutes(1));
  alarm_->set(pause);
}

void TimerHeap::fire() {
  const Timestamp now = clock_.wall_now();
  while (!heap_.empty() && heap_.front().at <= now) {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const Entry due = heap_.back();
    heap_.pop_back();
    callback_(due.execution, due.unit);
  }
  arm();
}

}  // namespace r8r::scheduler
