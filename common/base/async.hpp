#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

/// Small pieces that every service's coroutines need. Each service runs one thread on one io_context; none of this is
/// thread-safe unless it says so.
namespace r8r {

namespace asio = boost::asio;
using asio::awaitable;
using SteadyClock = std::chrono::steady_clock;

/// Waits on the timer wheel of the calling coroutine's executor. False when cancelled.
awaitable<bool> sleep_for(SteadyClock::duration duration);

/// Wakes coroutines that wait for "something changed". notify_all() wakes everyone who waits at that moment.
class Notifier {
 public:
  explicit Notifier(asio::io_context& io) : timer_(io, SteadyClock::time_point::max()) {}
  void notify_all() { timer_.cancel(); }
  /// Returns after notify_all() (true) or when `limit` has passed or the wait was cancelled (false).
  awaitable<bool> wait_for(SteadyClock::duration limit);
  awaitable<void> wait();

 private:
  asio::steady_timer timer_;
};

/// Owns coroutines: nothing that a part starts outlives the part. A coroutine that ends with an exception is logged
/// under its name; it never takes the process with it.
class TaskGroup {
 public:
  explicit TaskGroup(asio::io_context& io) : io_(io), idle_(io) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `body`. `name` must outlive the group (a literal).
  void spawn(const char* name, awaitable<void> body);
  /// Asks every coroutine to stop where it waits.
  void cancel();
  /// Asks every coroutine to stop and returns when all have ended: only then may what they use go.
  awaitable<void> close();
  /// Until all have ended, or `limit` has passed: true if all have.
  awaitable<bool> wait(SteadyClock::duration limit);
  std::size_t size() const { return running_.size(); }

 private:
  asio::io_context& io_;
  Notifier idle_;
  std::uint64_t next_ = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<asio::cancellation_signal>> running_;
};

/// Calls back on SIGTERM and SIGINT: the first time `drain`, the second time the process ends at once with code 130.
void on_shutdown_signal(asio::io_context& io, std::function<void()> drain);

}  // namespace r8r
