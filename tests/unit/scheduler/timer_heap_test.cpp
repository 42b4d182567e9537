#include "services/scheduler/timer_heap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace r8r::scheduler {
namespace {

/// Time is a number, and the alarm rings when the test says so.
class HandClock : public Clock {
 public:
  class HandAlarm : public Alarm {
   public:
    void set(SteadyClock::duration) override {}
  };
  Timestamp wall_now() const override { return now; }
  SteadyClock::time_point steady_now() const override { return {}; }
  awaitable<bool> sleep_for(SteadyClock::duration) override { co_return false; }
  awaitable<bool> wait_for(Notifier&, SteadyClock::duration) override { co_return false; }
  std::unique_ptr<Alarm> make_alarm(std::function<void()> callback) override {
    ring = std::move(callback);
    return std::make_unique<HandAlarm>();
  }

  Timestamp now = from_unix_us(1'768'919'400'000'000);
  std::function<void()> ring;
};

TEST(TimerHeap, ForgetsWhatHasLeftMemoryAndNothingElse) {
  HandClock clock;
  std::set<Uuid> in_memory;
  std::vector<Uuid> fired;
  int gates = 0;
  TimerHeap timers(
      clock,
      [&](Uuid id, engine::Unit unit) {
        if (unit.node == TimerHeap::kGate)
          ++gates;
        else
          fired.push_back(id);
      },
      [&](const Uuid& id) { return in_memory.contains(id); });
  const auto later = [&](int seconds) { return clock.now + std::chrono::seconds(seconds); };
  const Uuid first = Uuid::v7(), second = Uuid::v7();
  in_memory = {first, second};
  timers.add(later(20), second, {TimerHeap::kDeadline});
  timers.add(later(10), first, {0});
  timers.add(later(5), Uuid{}, {TimerHeap::kGate, 1});
  for (int i = 0; i < 100'000; ++i) timers.add(later(3'600), Uuid::v7(), {TimerHeap::kDeadline});
  EXPECT_LT(timers.size(), 10'000u);
  clock.now = later(30);
  clock.ring();
  EXPECT_THAT(fired, testing::ElementsAre(first, second));
  EXPECT_EQ(gates, 1);
}

}  // namespace
}  // namespace r8r::scheduler
