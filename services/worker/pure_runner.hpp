#pragma once
#include <deque>
#include <memory>
#include <string>

#include "services/worker/byte_budget.hpp"
#include "services/worker/delivery.hpp"
#include "services/worker/result_sender.hpp"
#include "services/worker/segment_run.hpp"

namespace r8r::worker {

/// Runs pure segments on the io thread, a millisecond's worth per loop turn, so that I/O goes on in between. Results of
/// a turn leave together; only then are the messages acknowledged. What is too large for a message is stored first;
/// only a few at a time, and as long as these are under way no further segment runs.
class PureRunner {
 public:
  struct Job {
    DeliveryPtr delivery;
    bus::Task task;  ///< complete
    WorkflowSource::Entry workflow;
    ByteBudget::Share memory;  ///< for what was read to complete it
  };
  struct Parts {
    BusPort& bus;
    Deliveries& deliveries;
    PayloadStore& payloads;
    RunOptions options;
    std::chrono::milliseconds longest_pause;
  };

  PureRunner(asio::io_context& io, Parts parts);

  void run(Job job);
  /// An answer that needs no run.
  void answer(const DeliveryPtr& delivery, bus::TaskResult result);
  /// Gives back what has not begun.
  void give_back_waiting();
  std::size_t waiting() const { return jobs_.size(); }

  /// Ends what is being stored; its messages are the deliveries' to give back.
  void cancel() { group_.cancel(); }
  awaitable<bool> wait(SteadyClock::duration limit) { co_return co_await group_.wait(limit); }

 private:
  void schedule();
  void turn();
  bus::TaskResult run_job(const Job& job);
  awaitable<void> store(DeliveryPtr delivery, bus::TaskResult result, std::vector<StoredPayload> payloads);
  awaitable<Result<void>> put(DeliveryPtr delivery, Uuid execution_id, std::vector<StoredPayload> payloads);

  asio::io_context& io_;
  Parts parts_;
  ResultSender sender_;
  std::deque<Job> jobs_;
  std::vector<DeliveryPtr> answered_;  // their results are in the sender
  std::size_t storing_ = 0;
  bool scheduled_ = false;
  std::shared_ptr<PureRunner*> self_;  // what a posted turn finds us by
  TaskGroup group_;                    // last: its coroutines use the rest
};

}  // namespace r8r::worker
