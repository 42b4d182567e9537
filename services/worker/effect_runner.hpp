#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/bus/messages.hpp"
#include "services/worker/byte_budget.hpp"
#include "services/worker/delivery.hpp"
#include "services/worker/effect_node.hpp"
#include "services/worker/segment_run.hpp"

namespace r8r::worker {

/// Which attempt of which node a task is, whoever sent it and however often.
struct AttemptKey {
  Uuid execution_id;
  std::int32_t run = 1;
  std::int64_t dispatch_id = 0;
  std::int32_t attempt = 1;

  explicit AttemptKey(const bus::Task& task)
      : execution_id(task.execution_id), run(task.run), dispatch_id(task.dispatch_id), attempt(task.attempt) {}
  bool operator==(const AttemptKey&) const = default;

  struct Hash {
    std::size_t operator()(const AttemptKey& key) const noexcept {
      return std::hash<Uuid>()(key.execution_id) * 31 +
             static_cast<std::size_t>(key.dispatch_id * 131 + key.attempt * 7 + key.run);
    }
  };
};

/// Runs effect nodes, each attempt once: a second delivery of one that runs here joins it, one of an answered attempt
/// is only acknowledged. An attempt stays until the owner of the execution has said that it has the result.
class EffectRunner {
 public:
  struct Parts {
    BusPort& bus;
    Deliveries& deliveries;
    WorkflowSource& workflows;
    PayloadStore& payloads;
    std::map<std::string, EffectNode*> nodes;  ///< by node type
    ByteBudget& memory;                        ///< for large inputs
    RunOptions options;
    std::size_t concurrency = 256;
    /// How long an answer from the owner is waited for, and the longest pause between two tries.
    std::chrono::milliseconds answer_timeout{2'000};
    std::chrono::milliseconds longest_pause{15'000};
  };

  EffectRunner(asio::io_context& io, Parts parts);
  ~EffectRunner();

  /// Starts it, or lets it wait for a free place.
  void run(const DeliveryPtr& delivery, bus::Task task);
  /// Delivers `error` as the task's result, without running it.
  void refuse(const DeliveryPtr& delivery, bus::Task task, std::string error);
  /// Stops what runs of an execution, or only one attempt of it; nobody wants the results.
  void cancel_execution(const Uuid& execution_id, std::int64_t dispatch_id = 0);
  /// Tells the owners that their tasks are in work.
  void send_progress();
  /// Results that wait for an answer are sent again soon: the bus or an owner is back.
  void nudge();

  /// Gives back what has not begun.
  void give_back_waiting();
  /// Until all attempts are answered (true) or `limit` has passed (false).
  awaitable<bool> wait(SteadyClock::duration limit);
  /// Ends every attempt where it is and gives its task back.
  void give_back_running();

  std::size_t tasks() const { return attempts_.size(); }

 private:
  struct Attempt;
  using AttemptPtr = std::shared_ptr<Attempt>;

  void admit(const DeliveryPtr& delivery, bus::Task task, std::string refusal);
  void start_waiting();
  awaitable<void> serve(AttemptPtr attempt);
  awaitable<bus::TaskResult> execute(AttemptPtr attempt);
  awaitable<Result<WorkflowSource::Entry>> load(AttemptPtr attempt);
  awaitable<void> store_large(AttemptPtr attempt, bus::TaskResult& result);
  awaitable<bool> deliver(AttemptPtr attempt, bus::TaskResult result);
  void close(const AttemptPtr& attempt, bool answered);
  void remember_answered(const AttemptKey& key);

  asio::io_context& io_;
  Parts parts_;
  std::unordered_map<AttemptKey, AttemptPtr, AttemptKey::Hash> attempts_;
  std::deque<AttemptPtr> waiting_;
  std::size_t running_ = 0;
  std::unordered_set<AttemptKey, AttemptKey::Hash> answered_;
  std::deque<AttemptKey> answered_order_;
  TaskGroup group_;  // last: its coroutines use the rest
};

}  // namespace r8r::worker
