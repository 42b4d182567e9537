#include "services/worker/pure_runner.hpp"

#include <boost/asio/post.hpp>

#include "common/base/log.hpp"
#include "services/worker/large_payloads.hpp"
#include "services/worker/task_inputs.hpp"

namespace r8r::worker {
namespace {

constexpr auto kTurn = std::chrono::milliseconds(1);
// Results that are being stored: each weighs up to 24 MiB.
constexpr std::size_t kMaxStoring = 4;
constexpr std::chrono::milliseconds kFirstPause{250};

}  // namespace

PureRunner::PureRunner(asio::io_context& io, Parts parts)
    : io_(io), parts_(std::move(parts)), sender_(parts_.bus), self_(std::make_shared<PureRunner*>(this)), group_(io) {}

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

bus::TaskResult PureRunner::run_job(const Job& job) {
  try {
    return run_segment(job.task, job.workflow, parts_.options);
  } catch (const std::exception& error) {
    log::error("a segment ended with an exception",
               {{"execution_id", job.task.execution_id.to_string()}, {"error", error.what()}});
    return error_result(job.task, parts_.options.worker, std::string("internal error: ") + error.what());
  }
}

void PureRunner::turn() {
  scheduled_ = false;
  const auto end = SteadyClock::now() + kTurn;
  while (!jobs_.empty() && storing_ < kMaxStoring) {
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    if (job.delivery->settled) continue;  // given back meanwhile
    bus::TaskResult result = run_job(job);
    std::vector<StoredPayload> large = take_out_large(result);
    if (large.empty()) {
      sender_.add(std::move(result));
      answered_.push_back(job.delivery);
    } else {
      ++storing_;
      group_.spawn("store of outputs", store(job.delivery, std::move(result), std::move(large)));
    }
    if (SteadyClock::now() >= end) break;
  }
  const bool taken = sender_.flush();
  for (const DeliveryPtr& delivery : std::exchange(answered_, {})) {
    if (taken) {
      parts_.deliveries.finish_task(delivery);
    } else {
      parts_.deliveries.abandon(delivery);  // delivered again when the bus is back; running it twice changes nothing
    }
  }
  // With no room left the end of a store goes on with the rest.
  if (!jobs_.empty() && storing_ < kMaxStoring) schedule();
}

awaitable<void> PureRunner::store(DeliveryPtr delivery, bus::TaskResult result, std::vector<StoredPayload> payloads) {
  const Result<void> stored = co_await put(delivery, result.execution_id, std::move(payloads));
  --storing_;
  schedule();
  if (delivery->settled || (!stored && is_transient(stored.error()))) co_return;  // given back
  if (!stored) fail_unstored(result, stored.error());
  answer(delivery, std::move(result));
}

// Until they are there, or can never be, or the message is somebody else's.
awaitable<Result<void>> PureRunner::put(DeliveryPtr delivery, Uuid execution_id, std::vector<StoredPayload> payloads) {
  std::chrono::milliseconds pause = kFirstPause;
  while (true) {
    std::vector<StoredPayload> copy = payloads;
    Result<void> stored = co_await parts_.payloads.put(execution_id, std::move(copy));
    if (stored || !is_transient(stored.error()) || delivery->settled) co_return stored;
    const bool slept = co_await sleep_for(pause);
    if (!slept) co_return stored;
    pause = std::min(pause * 2, parts_.longest_pause);
  }
}

void PureRunner::give_back_waiting() {
  for (const Job& job : std::exchange(jobs_, {})) parts_.deliveries.give_back(job.delivery);
}

}  // namespace r8r::worker
