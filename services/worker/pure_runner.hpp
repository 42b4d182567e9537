#pragma once
#include <deque>
#include <memory>
#include <string>

#include "services/worker/delivery.hpp"
#include "services/worker/result_sender.hpp"

namespace r8r::worker {

/// Runs pure segments on the io thread, a millisecond's worth per loop turn, so that I/O goes on in between. Results of
/// a turn leave together; only then are the messages acknowledged.
class PureRunner {
 public:
  struct Job {
    DeliveryPtr delivery;
    bus::Task task;  ///< complete
    WorkflowSource::Entry workflow;
  };

  PureRunner(asio::io_context& io, BusPort& bus, Deliveries& deliveries, expr::Value env, std::string worker);

  void run(Job job);
  /// An answer that needs no run.
  void answer(const DeliveryPtr& delivery, bus::TaskResult result);
  /// Gives back what has not begun.
  void give_back_waiting();
  std::size_t waiting() const { return jobs_.size(); }

 private:
  void schedule();
  void turn();

  asio::io_context& io_;
  ResultSender sender_;
  Deliveries& deliveries_;
  expr::Value env_;
  std::string worker_;
  std::deque<Job> jobs_;
  std::vector<DeliveryPtr> answered_;  // their results are in the sender
  bool scheduled_ = false;
  std::shared_ptr<PureRunner*> self_;  // what a posted turn finds us by
};

}  // namespace r8r::worker
