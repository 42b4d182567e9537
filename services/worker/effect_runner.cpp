#include "services/worker/effect_runner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/log.hpp"
#include "common/bus/subjects.hpp"
#include "services/worker/large_payloads.hpp"
#include "services/worker/result_sender.hpp"
#include "services/worker/task_inputs.hpp"
#include "services/worker/worker_metrics.hpp"

namespace r8r::worker {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kRememberedAnswers = 20'000;
constexpr milliseconds kFirstPause{250};

bus::NodeResult calling_result(const workflow::Node& node, ChildCall call, Timestamp started_at) {
  bus::NodeResult result;
  result.node_id = node.id;
  result.outcome = bus::NodeOutcome::calling;
  result.child_workflow_id = call.workflow_id;
  result.child_version = call.version;
  result.child_workflow = std::move(call.workflow);
  result.child_input = std::move(call.input);
  result.child_awaited = call.awaited;
  result.child_timeout_ms = call.timeout.count();
  if (call.limit) {
    result.child_limited = true;
    result.child_limit_key = std::move(call.limit->key);
    result.child_limit_group = std::move(call.limit->group);
  }
  result.started_at = started_at;
  result.finished_at = std::max(wall_now(), started_at);
  return result;
}

}  // namespace

struct EffectRunner::Attempt {
  Attempt(asio::io_context& io, bus::Task&& t) : key(t), task(std::move(t)), cancellation(io) {}

  const AttemptKey key;
  bus::Task task;
  std::vector<DeliveryPtr> deliveries;  // one, and those that came again meanwhile
  Cancellation cancellation;
  std::string refusal;     // not to be run: this is the answer
  bool begun = false;      // has a place
  bool give_back = false;  // cancelled because we stop, not because nobody wants it
};

EffectRunner::EffectRunner(asio::io_context& io, Parts parts) : io_(io), parts_(std::move(parts)), group_(io) {}

EffectRunner::~EffectRunner() = default;

void EffectRunner::run(const DeliveryPtr& delivery, bus::Task task) {
  admit(delivery, std::move(task), {});
}

void EffectRunner::refuse(const DeliveryPtr& delivery, bus::Task task, std::string error) {
  admit(delivery, std::move(task), std::move(error));
}

void EffectRunner::admit(const DeliveryPtr& delivery, bus::Task task, std::string refusal) {
  const AttemptKey key(task);
  if (answered_.contains(key)) {
    parts_.deliveries.finish_task(delivery);
    return;
  }
  if (const auto found = attempts_.find(key); found != attempts_.end()) {
    found->second->deliveries.push_back(delivery);
    // A new owner's copy: the answer goes to it.
    found->second->task.epoch = std::max(found->second->task.epoch, task.epoch);
    return;
  }
  const auto attempt = std::make_shared<Attempt>(io_, std::move(task));
  attempt->deliveries.push_back(delivery);
  attempt->refusal = std::move(refusal);
  attempts_.emplace(key, attempt);
  waiting_.push_back(attempt);
  start_waiting();
}

void EffectRunner::start_waiting() {
  while (running_ < parts_.concurrency && !waiting_.empty()) {
    const AttemptPtr attempt = std::move(waiting_.front());
    waiting_.pop_front();
    attempt->begun = true;
    ++running_;
    WorkerMetrics::tasks_running(running_);
    group_.spawn("effect task", serve(attempt));
  }
}

awaitable<void> EffectRunner::serve(AttemptPtr attempt) {
  bus::TaskResult result;
  std::string broken;
  try {
    result = co_await execute(attempt);
  } catch (const std::exception& error) {
    broken = error.what();
  }
  if (!broken.empty()) {
    log::error("an effect task ended with an exception",
               {{"execution_id", attempt->task.execution_id.to_string()}, {"error", broken}});
    result = error_result(attempt->task, parts_.options.worker, "internal error: " + broken);
  }
  co_await store_large(attempt, result);
  const bool answered = co_await deliver(attempt, std::move(result));
  close(attempt, answered);
}

// Until it is there, or can never be, or nobody wants it any more.
awaitable<Result<WorkflowSource::Entry>> EffectRunner::load(AttemptPtr attempt) {
  milliseconds pause = kFirstPause;
  while (true) {
    Result<WorkflowSource::Entry> entry =
        co_await parts_.workflows.get(attempt->task.workflow_id, attempt->task.workflow_version);
    std::optional<Error> problem;
    if (!entry) {
      problem = entry.error();
    } else if (is_complete(attempt->task)) {
      co_return entry;
    } else {
      bus::Task copy = attempt->task;
      Result<bus::Task> complete = co_await complete_task(std::move(copy), parts_.payloads);
      if (complete) {
        complete->epoch = attempt->task.epoch;
        attempt->task = std::move(*complete);
        co_return entry;
      }
      problem = complete.error();
    }
    if (!is_transient(*problem) || attempt->cancellation.requested()) co_return fail(std::move(*problem));
    co_await attempt->cancellation.pause(pause);
    pause = std::min(pause * 2, parts_.longest_pause);
  }
}

awaitable<bus::TaskResult> EffectRunner::execute(AttemptPtr attempt) {
  bus::Task& task = attempt->task;
  // Until the answer is made; the whole inputs are let go with it.
  const ByteBudget::Share memory = co_await parts_.memory.take(bytes_to_read(task));
  if (!attempt->refusal.empty()) co_return error_result(task, parts_.options.worker, attempt->refusal);
  Result<WorkflowSource::Entry> workflow = co_await load(attempt);
  if (!workflow) co_return error_result(task, parts_.options.worker, std::move(workflow.error().message));
  const int index = task.node_ids.size() == 1 ? (*workflow)->find(task.node_ids.front()) : -1;
  if (index < 0)
    co_return error_result(task, parts_.options.worker,
                           fmt::format("the workflow has no node '{}'", fmt::join(task.node_ids, ", ")));
  const workflow::Node& node = (*workflow)->nodes[static_cast<std::size_t>(index)];

  const Timestamp started_at = wall_now();
  Result<nodes::Segment> segment = make_segment(task, *workflow, parts_.options);
  if (!segment) co_return error_result(task, parts_.options.worker, std::move(segment.error().message));
  bus::TaskResult result = empty_result(task, parts_.options.worker);
  if (!task.failure.empty()) {
    nodes::NodeRun failed = segment->finish(index, fail(ErrorCode::node_execution_failed, task.failure), false, {}, {});
    result.nodes.push_back(node_result(**workflow, node, std::move(failed), started_at));
    co_return result;
  }
  nodes::Segment::Prepared prepared = segment->prepare(index);
  if (prepared.done) {
    result.nodes.push_back(node_result(**workflow, node, std::move(*prepared.done), started_at));
    co_return result;
  }
  const auto body = parts_.nodes.find(node.type);
  if (body == parts_.nodes.end())
    co_return error_result(task, parts_.options.worker,
                           fmt::format("this worker cannot run nodes of type '{}'", node.type));

  EffectContext context;
  context.idempotency_key = idempotency_key(task);
  context.timeout = node.timeout;
  context.input = std::move(prepared.input);
  context.depth = task.depth;
  EffectOutcome outcome =
      co_await body->second->run(std::move(context), std::move(prepared.config), attempt->cancellation);
  if (outcome.child) {
    result.nodes.push_back(calling_result(node, std::move(*outcome.child), started_at));
    co_return result;
  }
  nodes::NodeRun run = segment->finish(index, std::move(outcome.output), outcome.permanent, outcome.retry_after,
                                       std::move(outcome.logs));
  result.nodes.push_back(node_result(**workflow, node, std::move(run), started_at));
  co_return result;
}

// What is too large for a message goes into the database first: until it is there, or can never be, or nobody wants it
// any more.
awaitable<void> EffectRunner::store_large(AttemptPtr attempt, bus::TaskResult& result) {
  const std::vector<StoredPayload> large = take_out_large(result);
  milliseconds pause = kFirstPause;
  while (!large.empty() && !attempt->cancellation.requested()) {
    std::vector<StoredPayload> copy = large;
    const Result<void> stored = co_await parts_.payloads.put(result.execution_id, std::move(copy));
    if (stored) co_return;
    if (!is_transient(stored.error())) {
      fail_unstored(result, stored.error());
      co_return;
    }
    co_await attempt->cancellation.pause(pause);
    pause = std::min(pause * 2, parts_.longest_pause);
  }
}

// Whoever owns the partition now answers once it has committed the result. Nobody there, or no answer: again, for ever.
awaitable<bool> EffectRunner::deliver(AttemptPtr attempt, bus::TaskResult result) {
  fit_into_message(result);
  const std::string subject = bus::effect_result_subject(attempt->task.partition);
  milliseconds pause = kFirstPause;
  for (int tries = 1; !attempt->cancellation.requested(); ++tries) {
    result.epoch = attempt->task.epoch;
    std::string message = bus::encode(result);
    Result<void> answer = co_await parts_.bus.request(subject, std::move(message), parts_.answer_timeout);
    if (answer) co_return true;
    if (tries == 3) {
      log::warn("no scheduler takes the result of a task; trying on",
                {{"execution_id", attempt->task.execution_id.to_string()},
                 {"partition", attempt->task.partition},
                 {"error", answer.error().message}});
    }
    co_await attempt->cancellation.pause(pause);
    pause = std::min(pause * 2, parts_.longest_pause);
  }
  co_return false;
}

void EffectRunner::close(const AttemptPtr& attempt, bool answered) {
  if (answered) remember_answered(attempt->key);
  // First, so that who is told of the settled deliveries sees the free place.
  attempts_.erase(attempt->key);
  if (attempt->begun) --running_;
  for (const DeliveryPtr& delivery : attempt->deliveries) {
    if (attempt->give_back && !answered) {
      parts_.deliveries.give_back(delivery);
    } else {
      parts_.deliveries.finish_task(delivery);
    }
  }
  WorkerMetrics::tasks_running(running_);
  start_waiting();
}

void EffectRunner::remember_answered(const AttemptKey& key) {
  if (!answered_.insert(key).second) return;
  answered_order_.push_back(key);
  if (answered_order_.size() > kRememberedAnswers) {
    answered_.erase(answered_order_.front());
    answered_order_.pop_front();
  }
}

void EffectRunner::cancel_execution(const Uuid& execution_id, std::int64_t dispatch_id) {
  std::vector<AttemptPtr> hit;
  for (const auto& [key, attempt] : attempts_) {
    if (key.execution_id == execution_id && (dispatch_id == 0 || key.dispatch_id == dispatch_id))
      hit.push_back(attempt);
  }
  for (const AttemptPtr& attempt : hit) {
    attempt->cancellation.request();
    if (attempt->begun) continue;  // its coroutine closes it
    std::erase(waiting_, attempt);
    close(attempt, false);
  }
}

void EffectRunner::send_progress() {
  std::map<std::int32_t, bus::Batch<bus::Progress>> batches;
  for (const auto& [key, attempt] : attempts_) {
    bus::Progress progress;
    progress.execution_id = key.execution_id;
    progress.dispatch_id = key.dispatch_id;
    progress.attempt = key.attempt;
    progress.worker = parts_.options.worker;
    batches[attempt->task.partition].add(progress);
  }
  for (auto& [partition, batch] : batches) parts_.bus.publish(bus::progress_subject(partition), batch.take());
}

void EffectRunner::nudge() {
  for (const auto& [key, attempt] : attempts_) attempt->cancellation.nudge();
}

void EffectRunner::give_back_waiting() {
  const std::deque<AttemptPtr> unstarted = std::exchange(waiting_, {});
  for (const AttemptPtr& attempt : unstarted) {
    attempt->give_back = true;
    close(attempt, false);
  }
}

awaitable<bool> EffectRunner::wait(SteadyClock::duration limit) {
  co_return co_await group_.wait(limit);
}

void EffectRunner::give_back_running() {
  give_back_waiting();
  std::vector<AttemptPtr> all;
  for (const auto& [key, attempt] : attempts_) all.push_back(attempt);
  for (const AttemptPtr& attempt : all) {
    attempt->give_back = true;
    attempt->cancellation.request();
  }
}

}  // namespace r8r::worker
