#include "tests/simulation/cluster/events.hpp"

#include <utility>

namespace r8r::sim {

void Events::after(Duration delay, std::function<void()> what) {
  queue_.push({now_ + delay, asked_++, std::move(what)});
}

bool Events::step() {
  if (queue_.empty()) return false;
  Event next = std::move(const_cast<Event&>(queue_.top()));
  queue_.pop();
  now_ = next.at;
  ++steps_;
  next.what();
  return true;
}

Duration Events::between(Duration least, Duration most) {
  return least +
         Duration(static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>((most - least).count() + 1)));
}

void Process::later(Duration delay, std::function<void()> what) {
  events_.after(delay, [this, life = life(), what = std::move(what)]() mutable {
    if (life.expired()) return;
    if (paused_) {
      held_.push_back(std::move(what));
      return;
    }
    what();
    if (!life.expired()) turn();
  });
}

void Process::pause_for(Duration how_long) {
  paused_ = true;
  events_.after(how_long, [this, life = life()] {
    if (!life.expired()) go_on();
  });
}

void Process::go_on() {
  paused_ = false;
  const auto life = this->life();
  while (!life.expired() && !held_.empty() && !paused_) {
    const auto what = std::move(held_.front());
    held_.pop_front();
    what();
    if (!life.expired()) turn();
  }
}

}  // namespace r8r::sim
