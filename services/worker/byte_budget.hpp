#pragma once
#include <algorithm>
#include <memory>
#include <utility>

#include "common/base/async.hpp"

namespace r8r::worker {

/// Memory for large payloads that are read from the database: whoever needs some waits until it is free. One that
/// alone needs more than there is gets it when nobody else holds any.
class ByteBudget {
  struct State {
    State(asio::io_context& io, std::size_t bytes) : total(bytes), free(bytes), changed(io) {}
    const std::size_t total;
    std::size_t free;
    Notifier changed;
  };

 public:
  ByteBudget(asio::io_context& io, std::size_t bytes) : state_(std::make_shared<State>(io, bytes)) {}

  /// Given back when it goes out of scope, also after the budget itself.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept : state_(std::move(other.state_)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      give_back();
      state_ = std::move(other.state_);
      bytes_ = std::exchange(other.bytes_, 0);
      return *this;
    }
    ~Share() { give_back(); }

   private:
    friend class ByteBudget;
    void give_back() {
      if (!state_ || bytes_ == 0) return;
      state_->free += std::exchange(bytes_, 0);
      state_->changed.notify_all();
    }
    std::shared_ptr<State> state_;
    std::size_t bytes_ = 0;
  };

  /// Waits for room. Cancelled: an empty share.
  awaitable<Share> take(std::size_t bytes) {
    const std::shared_ptr<State> state = state_;
    bytes = std::min(bytes, state->total);
    while (state->free < bytes) {
      const bool changed = co_await state->changed.wait_for(std::chrono::hours(1));
      if (!changed) co_return Share();
    }
    state->free -= bytes;
    Share share;
    share.state_ = state;
    share.bytes_ = bytes;
    co_return share;
  }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace r8r::worker
