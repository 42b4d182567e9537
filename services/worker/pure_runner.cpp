#include "services/worker/pure_runner.hpp"

#include <boost/asio/post.hpp>

#include "common/base/log.hpp"
#include "services/worker/segment_run.hpp"

namespace r8r::worker {
namespace {

constexpr auto kTurn = std::chrono::milliseconds(1);

}  // namespace

PureRunner::PureRunner(asio::io_context& io, BusPort& bus, Deliveries& deliveries, expr::Value env, std::string worker)
    : io_(io),
      sender_(bus),
      deliveries_(deliveries),
      env_(std::move(env)),
      worker_(std::move(worker)),
      self_(std::make_shared<PureRunner*>(this)) {}

void PureRunner::run(Job job) {
  jobs_.push_back(std::move(job));
  schedule();
}

void PureRunner::answer(const DeliveryPtr& delivery, bus::TaskResult result) {
  sender_.add(std::move(result));
  answered_.push_back(delivery);
  schedule();
}

void PureRunner::schedule() {
  if (scheduled_) return;
  scheduled_ = true;
  asio::post(io_, [weak = std::weak_ptr<PureRunner*>(self_)] {
    if (const auto self = weak.lock()) (*self)->turn();
  });
}

void PureRunner::turn() {
  scheduled_ = false;
  const auto end = SteadyClock::now() + kTurn;
  while (!jobs_.empty()) {
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    if (job.delivery->settled) continue;  // given back meanwhile
    bus::TaskResult result;
    try {
      result = run_segment(job.task, job.workflow, env_, worker_);
    } catch (const std::exception& error) {
      log::error("a segment ended with an exception",
                 {{"execution_id", job.task.execution_id.to_string()}, {"error", error.what()}});
      result = error_result(job.task, worker_, std::string("internal error: ") + error.what());
    }
    sender_.add(std::move(result));
    answered_.push_back(job.delivery);
    if (SteadyClock::now() >= end) break;
  }
  const bool taken = sender_.flush();
  for (const DeliveryPtr& delivery : std::exchange(answered_, {})) {
    if (taken) {
      deliveries_.finish_task(delivery);
    } else {
      deliveries_.abandon(delivery);  // delivered again when the bus is back; running it twice changes nothing
    }
  }
  if (!jobs_.empty()) schedule();
}

void PureRunner::give_back_waiting() {
  for (const Job& job : std::exchange(jobs_, {})) deliveries_.give_back(job.delivery);
}

}  // namespace r8r::worker
