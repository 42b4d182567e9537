#include "services/scheduler/timer_heap.hpp"

namespace r8r::scheduler {

TimerHeap::TimerHeap(Clock& clock, Callback callback)
    : clock_(clock), callback_(std::move(callback)), alarm_(clock.make_alarm([this] { fire(); })) {}

void TimerHeap::add(Timestamp at, Uuid execution, engine::Unit unit) {
  heap_.push({at, execution, unit});
  if (at < armed_for_) arm();
}

void TimerHeap::arm() {
  if (heap_.empty()) {
    armed_for_ = Timestamp::max();
    return;
  }
  armed_for_ = heap_.top().at;
  // At most a minute at a time: the wall clock may jump while the steady clock sleeps.
  const auto pause = std::clamp<std::chrono::microseconds>(armed_for_ - clock_.wall_now(), std::chrono::microseconds(0),
                                                           std::chrono::minutes(1));
  alarm_->set(pause);
}

void TimerHeap::fire() {
  const Timestamp now = clock_.wall_now();
  while (!heap_.empty() && heap_.top().at <= now) {
    const Entry due = heap_.top();
    heap_.pop();
    callback_(due.execution, due.unit);
  }
  arm();
}

}  // namespace r8r::scheduler
