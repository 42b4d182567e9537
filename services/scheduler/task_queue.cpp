#include "services/scheduler/task_queue.hpp"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "common/base/log.hpp"
#include "common/bus/subjects.hpp"

namespace r8r::scheduler {
namespace {

// So many pure segments at most in one message: a message goes to one worker, and several workers should share a burst.
constexpr std::size_t kTasksPerMessage = 16;
constexpr std::size_t kBytesPerMessage = 256 * 1024;
constexpr auto kPublishTimeout = std::chrono::seconds(2);

}  // namespace

TaskQueue::TaskQueue(asio::io_context& io, bus::Connection& bus)
    : io_(io), bus_(bus), changed_(io), alive_(std::make_shared<bool>(true)), tasks_(io) {}

void TaskQueue::start() {
  bus_.on_state_change([this, alive = std::weak_ptr<bool>(alive_)](bool connected) {
    if (alive.expired()) return;
    if (!connected) ready_ = false;
    changed_.notify_all();
  });
  tasks_.spawn("task stream", keep_stream());
}

awaitable<void> TaskQueue::keep_stream() {
  while (true) {
    if (bus_.connected()) {
      bus::StreamConfig stream{.name = std::string(bus::kTaskStream), .subjects = {std::string(bus::kTaskSubjects)}};
      Result<std::int64_t> created = co_await bus_.ensure_stream(std::move(stream));
      if (created) {
        if (generation_ != 0 && generation_ != *created)
          log::warn("the work queue was lost; tasks that were out are sent again");
        generation_ = *created;
        ready_ = true;
      } else {
        ready_ = false;
        log::warn("the work queue is not available", {{"error", created.error().message}});
      }
    }
    // A server that loses its streams drops the connection first; the slow look is for a stream that somebody deleted.
    co_await changed_.wait_for(ready_ ? std::chrono::seconds(30) : std::chrono::milliseconds(500));
  }
}

void TaskQueue::send_pure(const bus::Task& task, const std::string& pool_name) {
  PoolState& state = pool(pool_name);
  state.batch.add(task);
  state.empty = false;
  if (state.batch.count() >= kTasksPerMessage || state.batch.size() >= kBytesPerMessage) {
    tasks_.spawn("publish tasks", publish(bus::task_subject(pool_name), state.batch.take(), ""));
    return;
  }
  if (flush_scheduled_) return;
  flush_scheduled_ = true;
  asio::post(io_, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) flush();
  });
}

void TaskQueue::flush() {
  flush_scheduled_ = false;
  for (auto& [name, state] : pools_) {
    if (!state.batch.empty()) tasks_.spawn("publish tasks", publish(bus::task_subject(name), state.batch.take(), ""));
  }
}

void TaskQueue::send_effect(const bus::Task& task, const std::string& pool_name) {
  pool(pool_name).empty = false;
  std::string id = fmt::format("{}:{}", task.execution_id.to_string(), task.dispatch_id);
  tasks_.spawn("publish task", publish(bus::task_subject(pool_name), bus::encode(task), std::move(id)));
}

// Until the server has it. A pure segment that is queued twice only costs time; an effect has a message id.
awaitable<void> TaskQueue::publish(std::string subject, std::string message, std::string message_id) {
  auto pause = std::chrono::milliseconds(50);
  for (int attempt = 0;; ++attempt) {
    Result<void> sent = co_await bus_.publish_durable(subject, message, kPublishTimeout, message_id);
    if (sent) co_return;
    // Tasks without an id are sent again by whoever waits for their results.
    if (message_id.empty() && attempt >= 3) co_return;
    changed_.notify_all();
    const bool slept = co_await sleep_for(pause);
    if (!slept) co_return;
    pause = std::min(pause * 2, std::chrono::milliseconds(2'000));
  }
}

bool TaskQueue::known_empty(const std::string& name) {
  PoolState& state = pool(name);
  const auto now = SteadyClock::now();
  if (!state.asking && now - state.asked > std::chrono::seconds(1)) {
    state.asking = true;
    tasks_.spawn("queue depth", ask_depth(name));
  }
  return state.empty;
}

awaitable<void> TaskQueue::ask_depth(std::string name) {
  const std::string subject = fmt::format("$JS.API.CONSUMER.INFO.{}.{}", bus::kTaskStream, bus::task_consumer(name));
  Result<bus::Message> answer = co_await bus_.request(subject, "", kPublishTimeout);
  PoolState& state = pool(name);
  state.asking = false;
  state.asked = SteadyClock::now();
  state.empty = false;
  if (!answer) co_return;
  const auto json = nlohmann::json::parse(answer->data, nullptr, false);
  if (!json.is_object() || json.contains("error")) co_return;
  state.empty = json.value("num_pending", 1) == 0 && json.value("num_ack_pending", 1) == 0;
}

}  // namespace r8r::scheduler
