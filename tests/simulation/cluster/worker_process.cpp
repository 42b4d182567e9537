#include "tests/simulation/cluster/worker_process.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/bus/subjects.hpp"
#include "common/workflow/start_limit.hpp"
#include "tests/simulation/cluster/start_of_time.hpp"
#include "tests/simulation/play/effect_work.hpp"

namespace r8r::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

constexpr int kMaxDeliveries = 5;
constexpr milliseconds kHeartbeat{4'000};
constexpr milliseconds kAnswerTimeout{1'000};

worker::RunOptions options_of(const std::string& worker) {
  return {.env = expr::Value::map({}), .worker = worker};
}

}  // namespace

WorkerProcess::WorkerProcess(const SchedulerProcess::World& world, Effects& effects, std::string name)
    : Process(world.events), world_(world), effects_(effects), name_(std::move(name)), inbox_("inbox." + name_) {
  world_.queue.pullers.push_back(this);
  cancels_ = world_.network.subscribe(*this, std::string(bus::kCancel), [this](std::vector<bus::Message> messages) {
    for (const bus::Message& message : messages) {
      const auto decoded = bus::decode<bus::CancelNotice>(message.data);
      for (const bus::CancelNotice& notice : *decoded) cancel(notice.execution_id, notice.dispatch_id);
    }
  });
  later(kHeartbeat, [this] { beat(); });
  later(microseconds(1), [this] { world_.queue.deliver(); });
}

WorkerProcess::~WorkerProcess() {
  std::erase(world_.queue.pullers, static_cast<Puller*>(this));
}

void WorkerProcess::take(Delivery delivery) {
  ++held_;
  later(events_.between(microseconds(50), milliseconds(1)),
        [this, delivery = std::move(delivery)] { begin(delivery); });
}

void WorkerProcess::begin(const Delivery& delivery) {
  if (draining_) {
    --held_;
    world_.queue.give_back(delivery.number);
    return;
  }
  auto tasks = bus::decode<bus::Task>(delivery.data);
  R8R_ASSERT(tasks && tasks->size() == 1, delivery.data);
  bus::Task& task = tasks->front();
  std::string refusal;
  if (delivery.delivered > 1 && task.at_most_once) {
    refusal = "worker lost";
  } else if (delivery.delivered > kMaxDeliveries) {
    refusal = fmt::format("task was delivered {} times without a result", delivery.delivered - 1);
  }
  if (!task.effect) {
    run_pure(delivery, task);
    return;
  }
  const Key key(task);
  if (answered_.contains(key)) {
    finish(delivery.number);
    return;
  }
  if (const auto found = attempts_.find(key); found != attempts_.end()) {
    found->second->deliveries.push_back(delivery.number);
    found->second->task.epoch = std::max(found->second->task.epoch, task.epoch);
    return;
  }
  const auto attempt = std::make_shared<Attempt>();
  attempt->task = std::move(task);
  attempt->deliveries.push_back(delivery.number);
  attempts_.emplace(key, attempt);
  if (!refusal.empty()) {
    attempt->answer = bus::encode(worker::error_result(attempt->task, name_, refusal));
    deliver(attempt);
    return;
  }
  std::string idempotency_key = worker::idempotency_key(attempt->task);
  if (world_.bugs.has(Bug::key_per_delivery)) idempotency_key += fmt::format(":{}", delivery.delivered);
  // Now and then one takes long.
  const Duration takes = events_.chance(20) ? events_.between(milliseconds(100), milliseconds(20'000))
                                            : events_.between(microseconds(200), milliseconds(30));
  effects_.call(attempt->task, std::move(idempotency_key));
  later(takes, [this, attempt] { run_effect(attempt); });
}

void WorkerProcess::run_pure(const Delivery& delivery, const bus::Task& task) {
  const auto workflow = world_.workflows.at(task.workflow_id);
  later(events_.between(microseconds(20), milliseconds(1)),
        [this, number = delivery.number, epoch = task.epoch,
         result = bus::encode(worker::run_segment(task, workflow, options_of(name_)))] {
          world_.network.publish(bus::result_subject(epoch), result);
          finish(number);
        });
}

void WorkerProcess::run_effect(const AttemptPtr& attempt) {
  if (attempt->cancelled) return;
  attempt->answer = execute(*attempt);
  deliver(attempt);
}

std::string WorkerProcess::execute(const Attempt& attempt) {
  const bus::Task& task = attempt.task;
  const Outside outside{
      .http = [&](const workflow::Node&, const std::string& url) { return Effects::answer(url, task.attempt); },
      .find_child =
          [&](bus::NodeResult& result) {
            result.child_workflow_id = world_.database.named(result.child_workflow);
            result.child_version = 1;
            const auto limit =
                workflow::start_limit(world_.database.workflow(result.child_workflow_id), result.child_input);
            if (!limit) return;
            result.child_limited = true;
            result.child_limit_key = limit->key;
            result.child_limit_group = limit->group;
          }};
  return bus::encode(
      do_effect(task, world_.workflows.at(task.workflow_id), options_of(name_), kStartOfTime + events_.now(), outside));
}

// Until whoever owns the partition says that it has the result.
void WorkerProcess::deliver(const AttemptPtr& attempt) {
  if (attempt->cancelled) return;
  const std::string inbox = fmt::format("{}.{}", inbox_, attempt->task.dispatch_id);
  const auto answer = std::make_shared<bus::Subscription>();
  *answer = world_.network.subscribe(*this, inbox, [this, attempt](std::vector<bus::Message>) {
    if (!attempt->cancelled && attempts_.contains(Key(attempt->task))) close(attempt, true);
  });
  world_.network.publish(bus::effect_result_subject(attempt->task.partition), attempt->answer, inbox);
  ++attempt->tries;
  const Duration pause =
      std::min<Duration>(milliseconds(250) * (1 << std::min(attempt->tries, 5)), milliseconds(5'000));
  later(kAnswerTimeout + pause, [this, attempt, answer] {
    *answer = {};
    if (attempts_.contains(Key(attempt->task))) deliver(attempt);
  });
}

void WorkerProcess::close(const AttemptPtr& attempt, bool answered) {
  const Key key(attempt->task);
  if (answered) answered_.insert(key);
  attempts_.erase(key);
  for (const std::uint64_t delivery : attempt->deliveries) finish(delivery);
}

void WorkerProcess::finish(std::uint64_t delivery) {
  --held_;
  world_.queue.ack(delivery);
  world_.queue.deliver();
}

void WorkerProcess::cancel(const Uuid& execution, std::int64_t dispatch) {
  std::vector<AttemptPtr> hit;
  for (const auto& [key, attempt] : attempts_) {
    if (key.execution_id == execution && (dispatch == 0 || key.dispatch_id == dispatch)) hit.push_back(attempt);
  }
  for (const AttemptPtr& attempt : hit) {
    attempt->cancelled = true;
    close(attempt, false);
  }
}

void WorkerProcess::beat() {
  for (const auto& [key, attempt] : attempts_) {
    for (const std::uint64_t delivery : attempt->deliveries) world_.queue.touch(delivery);
    world_.network.publish(bus::progress_subject(attempt->task.partition),
                           bus::encode(bus::Progress{.execution_id = key.execution_id,
                                                     .dispatch_id = key.dispatch_id,
                                                     .attempt = key.attempt,
                                                     .worker = name_}));
  }
  later(kHeartbeat, [this] { beat(); });
}

void WorkerProcess::drain() {
  draining_ = true;
}

}  // namespace r8r::sim
