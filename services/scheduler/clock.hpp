#pragma once
#include <functional>
#include <memory>

#include "common/base/async.hpp"
#include "common/base/time.hpp"

namespace r8r::scheduler {

/// Calls back once after each set(), unless it is set again or destroyed before.
class Alarm {
 public:
  virtual ~Alarm() = default;
  virtual void set(SteadyClock::duration pause) = 0;
};

/// Time as one scheduler sees it. A narrow door, so that a simulation can stand behind it with a clock of its own.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual Timestamp wall_now() const = 0;
  /// Never set back, goes on while the process is paused.
  virtual SteadyClock::time_point steady_now() const = 0;
  /// False when cancelled.
  virtual awaitable<bool> sleep_for(SteadyClock::duration duration) = 0;
  /// True when notified; false when `limit` has passed or the wait was cancelled. `notifier` must outlive the wait.
  virtual awaitable<bool> wait_for(Notifier& notifier, SteadyClock::duration limit) = 0;
  virtual std::unique_ptr<Alarm> make_alarm(std::function<void()> callback) = 0;
};

/// The machine's clocks.
class SystemClock : public Clock {
 public:
  explicit SystemClock(asio::io_context& io) : io_(io) {}

  Timestamp wall_now() const override { return r8r::wall_now(); }
  SteadyClock::time_point steady_now() const override { return SteadyClock::now(); }
  awaitable<bool> sleep_for(SteadyClock::duration duration) override { return r8r::sleep_for(duration); }
  awaitable<bool> wait_for(Notifier& notifier, SteadyClock::duration limit) override {
    return notifier.wait_for(limit);
  }
  std::unique_ptr<Alarm> make_alarm(std::function<void()> callback) override;

 private:
  asio::io_context& io_;
};

}  // namespace r8r::scheduler
