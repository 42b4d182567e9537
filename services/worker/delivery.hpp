#pragma once
#include <functional>
#include <memory>
#include <unordered_set>

#include "common/base/async.hpp"
#include "services/worker/ports.hpp"

namespace r8r::worker {

/// A message of the work queue that this worker has and has neither acknowledged nor given back. It holds pure tasks,
/// or one effect task alone.
struct Delivery {
  bus::QueueMessage message;
  std::size_t open_tasks = 0;  ///< not finished yet
  bool settled = false;
  SteadyClock::time_point touched;  ///< when the server last heard that we have it
};
using DeliveryPtr = std::shared_ptr<Delivery>;

/// All of them. The server delivers a message again when it hears nothing for its ack_wait; touch() keeps what is held.
class Deliveries {
 public:
  explicit Deliveries(TaskQueue& queue) : queue_(queue) {}

  DeliveryPtr hold(bus::QueueMessage message, std::size_t tasks);
  /// One of its tasks is finished for good; with the last one it is acknowledged.
  void finish_task(const DeliveryPtr& delivery);
  /// Another worker shall have it, at once.
  void give_back(const DeliveryPtr& delivery);
  /// Neither: the server notices by itself.
  void abandon(const DeliveryPtr& delivery);
  /// Tells the server about everything that it has not heard of for `silence`.
  void touch(SteadyClock::duration silence);

  void give_back_all();
  /// Called after each change from held to not held.
  void on_settled(std::function<void()> callback) { on_settled_ = std::move(callback); }

  std::size_t held() const { return held_.size(); }

 private:
  void settle(const DeliveryPtr& delivery);

  TaskQueue& queue_;
  std::unordered_set<DeliveryPtr> held_;
  std::function<void()> on_settled_;
};

}  // namespace r8r::worker
