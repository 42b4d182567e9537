#pragma once
#include "services/worker/effect_runner.hpp"
#include "services/worker/pure_runner.hpp"

namespace r8r::worker {

/// Takes messages from the queue, sorts their tasks to those who run them, and sees to it that each message is in the
/// end acknowledged or given back.
class TaskRunner {
 public:
  struct Parts {
    TaskQueue& queue;
    BusPort& bus;
    WorkflowSource& workflows;
    PayloadStore& payloads;
    std::map<std::string, EffectNode*> effect_nodes;
    RunOptions options;
    std::size_t concurrency = 256;
    std::size_t memory_for_inputs = 256u << 20;  ///< large ones, read from the database, of all tasks together
    std::chrono::milliseconds heartbeat{4'000};
    std::chrono::milliseconds answer_timeout{2'000};
    std::chrono::milliseconds longest_pause{15'000};
  };

  TaskRunner(asio::io_context& io, Parts parts);

  /// Starts the heartbeat.
  void start();
  void take(std::vector<bus::QueueMessage> messages);
  void cancel_execution(const Uuid& execution_id, std::int64_t dispatch_id = 0) {
    effects_.cancel_execution(execution_id, dispatch_id);
  }
  void nudge() { effects_.nudge(); }
  /// How many more messages may come.
  std::size_t room() const;

  /// Takes nothing more, gives back what has not begun, waits up to `limit` for what runs, gives back the rest.
  awaitable<void> drain(SteadyClock::duration limit);

 private:
  void take_one(bus::QueueMessage message);
  void take_task(const DeliveryPtr& delivery, bus::Task task);
  void refuse(const DeliveryPtr& delivery, bus::Task task, std::string error);
  awaitable<void> load_pure(DeliveryPtr delivery, bus::Task task);
  awaitable<void> beat();
  void tell_room();

  asio::io_context& io_;
  TaskQueue& queue_;
  WorkflowSource& workflows_;
  PayloadStore& payloads_;
  std::string worker_;
  std::size_t concurrency_;
  std::chrono::milliseconds heartbeat_;
  bool draining_ = false;
  ByteBudget memory_;
  Deliveries deliveries_;
  std::unordered_set<DeliveryPtr> loading_;  ///< their tasks wait for the database
  PureRunner pure_;
  EffectRunner effects_;
  TaskGroup group_;  // last: its coroutines use the rest
};

}  // namespace r8r::worker
