#include "services/scheduler/delayed_starts.hpp"

#include <charconv>

#include "common/base/log.hpp"
#include "common/bus/subjects.hpp"
#include "services/scheduler/start_notice.hpp"

namespace r8r::scheduler {
namespace {

// Notices tell of new rows; a look finds those whose notice was lost.
constexpr auto kLookInterval = std::chrono::seconds(30);
constexpr auto kAfterFailure = std::chrono::seconds(1);
constexpr auto kLongestWait = std::chrono::seconds(1);
constexpr int kPage = 100;

}  // namespace

DelayedStarts::DelayedStarts(Parts parts)
    : parts_(std::move(parts)),
      events_(parts_.pool),
      wake_(parts_.io),
      of_events_(metrics::counter("r8r_executions_accepted_total", "Executions made durable",
                                  {{"trigger_type", "delayed_event"}})),
      of_webhooks_(
          metrics::counter("r8r_executions_accepted_total", "Executions made durable", {{"trigger_type", "webhook"}})),
      dropped_(metrics::counter("r8r_delayed_starts_dropped_total",
                                "Delayed executions whose workflow was disabled or gone when their time came")),
      lag_(metrics::histogram("r8r_delayed_start_lag_seconds", "From the time of a delayed execution to its start")) {
  auto notices = parts_.bus.subscribe(std::string(bus::kDelayedStarts), [this](std::vector<bus::Message> messages) {
    for (const bus::Message& message : messages) {
      std::int64_t us = 0;
      const char* end = message.data.data() + message.data.size();
      if (std::from_chars(message.data.data(), end, us).ptr != end || message.data.empty()) continue;
      const Timestamp time = from_unix_us(us);
      next_ = next_ ? std::min(*next_, time) : time;
    }
    wake_.notify_all();
  });
  if (notices) notices_ = std::move(*notices);
}

void DelayedStarts::partitions_changed() {
  look_again_ = true;
  wake_.notify_all();
}

awaitable<void> DelayedStarts::run() {
  while (true) {
    bool fine = co_await look();
    const Timestamp now = wall_now();
    const bool due = next_ && *next_ <= now;
    if (fine && due && parts_.may_act()) {
      fine = co_await start_due(now);
      if (fine) continue;
    }
    SteadyClock::duration pause = kLookInterval;
    if (!fine || due) {
      look_again_ = look_again_ || !fine;
      pause = kAfterFailure;
    } else if (look_again_) {
      continue;
    } else if (next_) {
      // The wall clock may jump while we wait.
      pause = std::clamp<SteadyClock::duration>(*next_ - now, std::chrono::milliseconds(1), kLongestWait);
    }
    co_await wake_.wait_for(pause);
  }
}

awaitable<bool> DelayedStarts::look() {
  if (!look_again_ && SteadyClock::now() - last_look_ < kLookInterval) co_return true;
  look_again_ = false;
  // Set meanwhile by notices of rows that the answer may not have yet.
  next_.reset();
  std::vector<int> owned = parts_.owned();
  Result<std::optional<Timestamp>> next = co_await events_.next_delayed(std::move(owned));
  if (!next) co_return false;
  last_look_ = SteadyClock::now();
  if (*next) next_ = next_ ? std::min(*next_, **next) : **next;
  co_return true;
}

awaitable<bool> DelayedStarts::start_due(Timestamp now) {
  next_.reset();
  look_again_ = true;
  std::vector<int> owned = parts_.owned();
  Result<std::vector<store::Events::Due>> due =
      co_await events_.start_delayed(parts_.incarnation, std::move(owned), now, kPage);
  if (!due) {
    log::warn("delayed executions could not be started; trying again", {{"error", due.error().message}});
    co_return false;
  }
  for (const store::Events::Due& item : *due) {
    if (!item.started) {
      dropped_.add();
      log::warn("a delayed execution does not start: its workflow is disabled or gone",
                {{"workflow", item.execution.workflow_name}, {"execution_id", item.execution.id.to_string()}});
      continue;
    }
    (item.execution.trigger_type == "webhook" ? of_webhooks_ : of_events_).add();
    lag_.observe(std::chrono::duration<double>(now - item.execution.time).count());
    tell_owner(parts_.bus, item.execution, now);
  }
  co_return true;
}

}  // namespace r8r::scheduler
