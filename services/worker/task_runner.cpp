#include "services/worker/task_runner.hpp"

#include <fmt/format.h>

#include "common/base/log.hpp"
#include "services/worker/segment_run.hpp"
#include "services/worker/task_inputs.hpp"
#include "services/worker/worker_metrics.hpp"

namespace r8r::worker {
namespace {

using std::chrono::milliseconds;

// A task that was delivered more often has taken a worker down each time, or is lost in some other way.
constexpr std::uint64_t kMaxDeliveries = 5;
constexpr milliseconds kFirstPause{250};
constexpr milliseconds kLongestPause{5'000};
// How long an attempt that was told to stop may take to notice.
constexpr auto kStopGrace = std::chrono::seconds(3);

}  // namespace

TaskRunner::TaskRunner(asio::io_context& io, Parts parts)
    : io_(io),
      queue_(parts.queue),
      workflows_(parts.workflows),
      payloads_(parts.payloads),
      worker_(parts.options.worker),
      concurrency_(parts.concurrency),
      heartbeat_(parts.heartbeat),
      memory_(io, parts.memory_for_inputs),
      deliveries_(parts.queue),
      pure_(io, PureRunner::Parts{.bus = parts.bus,
                                  .deliveries = deliveries_,
                                  .payloads = parts.payloads,
                                  .options = parts.options,
                                  .longest_pause = parts.longest_pause}),
      effects_(io, EffectRunner::Parts{.bus = parts.bus,
                                       .deliveries = deliveries_,
                                       .workflows = parts.workflows,
                                       .payloads = parts.payloads,
                                       .nodes = std::move(parts.effect_nodes),
                                       .memory = memory_,
                                       .options = parts.options,
                                       .concurrency = parts.concurrency,
                                       .answer_timeout = parts.answer_timeout,
                                       .longest_pause = parts.longest_pause}),
      group_(io) {
  deliveries_.on_settled([this] { tell_room(); });
}

void TaskRunner::start() {
  tell_room();
  group_.spawn("worker heartbeat", beat());
}

std::size_t TaskRunner::room() const {
  if (draining_) return 0;
  const std::size_t taken = std::max(deliveries_.held(), effects_.tasks());
  return taken >= concurrency_ ? 0 : concurrency_ - taken;
}

void TaskRunner::tell_room() {
  queue_.set_room(room());
}

void TaskRunner::take(std::vector<bus::QueueMessage> messages) {
  for (bus::QueueMessage& message : messages) take_one(std::move(message));
  tell_room();
}

void TaskRunner::take_one(bus::QueueMessage message) {
  if (draining_) {
    queue_.nak(message);
    return;
  }
  if (message.delivered > 1) WorkerMetrics::task_redelivered();
  Result<std::vector<bus::Task>> tasks = bus::decode<bus::Task>(message.data);
  if (!tasks || tasks->empty()) {
    log::error("a task message cannot be read; it is dropped",
               {{"subject", message.subject},
                {"bytes", message.data.size()},
                {"error", tasks ? std::string("no tasks in it") : tasks.error().message}});
    queue_.ack(message);
    return;
  }
  std::string().swap(message.data);
  const std::uint64_t delivered = message.delivered;
  const DeliveryPtr delivery = deliveries_.hold(std::move(message), tasks->size());
  for (bus::Task& task : *tasks) {
    if (delivered > 1 && task.at_most_once) {
      // Whoever had it first may have run it. If that is this worker, the attempt goes on and answers.
      refuse(delivery, std::move(task), "worker lost");
    } else if (delivered > kMaxDeliveries) {
      log::error("a task was delivered too often; it is not run",
                 {{"execution_id", task.execution_id.to_string()}, {"delivered", delivered}});
      refuse(delivery, std::move(task), fmt::format("task was delivered {} times without a result", delivered - 1));
    } else {
      take_task(delivery, std::move(task));
    }
  }
}

void TaskRunner::refuse(const DeliveryPtr& delivery, bus::Task task, std::string error) {
  if (task.effect) {
    effects_.refuse(delivery, std::move(task), std::move(error));
  } else {
    pure_.answer(delivery, error_result(task, worker_, std::move(error)));
  }
}

void TaskRunner::take_task(const DeliveryPtr& delivery, bus::Task task) {
  if (task.effect) {
    effects_.run(delivery, std::move(task));
    return;
  }
  if (is_complete(task)) {
    if (WorkflowSource::Entry workflow = workflows_.find(task.workflow_id, task.workflow_version)) {
      pure_.run({delivery, std::move(task), std::move(workflow), {}});
      return;
    }
  }
  loading_.insert(delivery);
  group_.spawn("load of a task", load_pure(delivery, std::move(task)));
}

// Until all is there, or can never be, or the message is somebody else's.
awaitable<void> TaskRunner::load_pure(DeliveryPtr delivery, bus::Task task) {
  milliseconds pause = kFirstPause;
  ByteBudget::Share memory = co_await memory_.take(bytes_to_read(task));
  while (!delivery->settled) {
    std::optional<Error> problem;
    Result<WorkflowSource::Entry> workflow = co_await workflows_.get(task.workflow_id, task.workflow_version);
    if (!workflow) {
      problem = workflow.error();
    } else {
      bus::Task copy = task;
      Result<bus::Task> complete = co_await complete_task(std::move(copy), payloads_);
      if (complete) {
        loading_.erase(delivery);
        if (!delivery->settled) pure_.run({delivery, std::move(*complete), std::move(*workflow), std::move(memory)});
        co_return;
      }
      problem = complete.error();
    }
    if (!is_transient(*problem)) {
      loading_.erase(delivery);
      refuse(delivery, std::move(task), std::move(problem->message));
      co_return;
    }
    co_await sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

awaitable<void> TaskRunner::beat() {
  while (true) {
    const bool slept = co_await sleep_for(heartbeat_);
    if (!slept) co_return;
    deliveries_.touch(heartbeat_ * 3 / 4);
    effects_.send_progress();
  }
}

awaitable<void> TaskRunner::drain(SteadyClock::duration limit) {
  draining_ = true;
  tell_room();
  pure_.give_back_waiting();
  effects_.give_back_waiting();
  for (const DeliveryPtr& delivery : std::exchange(loading_, {})) deliveries_.give_back(delivery);
  const bool finished = co_await effects_.wait(limit);
  if (!finished) {
    log::warn("not all tasks were finished in time; they are given back", {{"tasks", effects_.tasks()}});
    effects_.give_back_running();
    co_await effects_.wait(kStopGrace);
  }
  group_.cancel();
  pure_.cancel();
  co_await group_.wait(kStopGrace);
  co_await pure_.wait(kStopGrace);
  deliveries_.give_back_all();
}

}  // namespace r8r::worker
