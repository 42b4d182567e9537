#pragma once
#include <functional>
#include <utility>

#include "common/base/async.hpp"

namespace r8r::worker {

/// Says to one effect that nobody wants it any more, or that it should look again. Single-threaded.
class Cancellation {
 public:
  explicit Cancellation(asio::io_context& io) : wake_(io) {}
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  bool requested() const { return requested_; }

  void request() {
    if (requested_) return;
    requested_ = true;
    if (const auto stop = std::exchange(stop_, nullptr)) stop();
    wake_.notify_all();
  }

  /// Ends the current pause() early.
  void nudge() { wake_.notify_all(); }

  /// Waits; less when requested or nudged.
  awaitable<void> pause(SteadyClock::duration limit) {
    if (!requested_) co_await wake_.wait_for(limit);
  }

  /// What request() does to the operation that runs now; at most one.
  class Scope {
   public:
    Scope(Cancellation& owner, std::function<void()> stop) : owner_(owner) { owner_.stop_ = std::move(stop); }
    ~Scope() { owner_.stop_ = nullptr; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Cancellation& owner_;
  };

 private:
  bool requested_ = false;
  std::function<void()> stop_;
  Notifier wake_;
};

}  // namespace r8r::worker
