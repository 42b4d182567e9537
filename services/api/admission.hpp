#pragma once
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>

#include "common/base/async.hpp"
#include "common/base/metrics.hpp"

namespace r8r::api {

/// At most so many requests in work; further ones wait for a moment, first come first served.
class Admission {
 public:
  Admission(asio::io_context& io, std::size_t limit, std::chrono::milliseconds patience);

  /// A request's place. Given back when destroyed, or before: a request that only waits for an execution needs none.
  class Slot {
   public:
    Slot() = default;
    explicit Slot(Admission* owner) : owner_(owner) {}
    Slot(Slot&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
      release();
      owner_ = std::exchange(other.owner_, nullptr);
      return *this;
    }
    ~Slot() { release(); }
    void release() {
      if (owner_) std::exchange(owner_, nullptr)->give_back();
    }
    explicit operator bool() const { return owner_ != nullptr; }

   private:
    Admission* owner_ = nullptr;
  };

  /// A slot if one is free now.
  Slot try_enter();
  /// An empty slot when none became free in time.
  awaitable<Slot> enter();
  std::size_t in_work() const { return in_work_; }

 private:
  struct Waiter {
    explicit Waiter(asio::io_context& io) : ready(io) {}
    Notifier ready;
    bool granted = false;
  };

  void give_back();
  void take() {
    ++in_work_;
    gauge_.set(static_cast<double>(in_work_));
  }

  asio::io_context& io_;
  std::size_t limit_;
  std::chrono::milliseconds patience_;
  std::size_t in_work_ = 0;
  std::deque<std::shared_ptr<Waiter>> waiting_;
  metrics::Gauge gauge_;
};

}  // namespace r8r::api
