#include "services/api/monitor_session.hpp"

#include <algorithm>

#include "common/base/log.hpp"
#include "services/api/version.hpp"

namespace r8r::api {
namespace {

constexpr auto kHeartbeat = std::chrono::seconds(30);
constexpr int kMostBadMessages = 10;
constexpr std::size_t kMostHeld = 10'000;

}  // namespace

MonitorSession::MonitorSession(asio::io_context& io, http::WebSocket& socket, store::Pool& pool, MonitorSelection from_query,
                               std::size_t buffer_size)
    : io_(io),
      socket_(socket),
      executions_(pool),
      from_query_(from_query),
      filter_(std::move(from_query)),
      buffer_(buffer_size),
      something_to_send_(io),
      sent_(io),
      buffer_size_(buffer_size) {}

void MonitorSession::offer(const MonitorEventPtr& event) {
  if (closing_ || !filter_.wants(*event)) return;
  if (!followed_.empty() && !event->execution_id.is_nil()) {
    const auto found = followed_.find(event->execution_id);
    if (found != followed_.end()) {
      Followed& followed = found->second;
      if (followed.replaying) {
        if (followed.held.size() < kMostHeld) followed.held.push_back(event);
        return;
      }
      if (event->seq() <= followed.last_seq) return;
    }
  }
  enqueue(event);
}

void MonitorSession::enqueue(const MonitorEventPtr& event) {
  buffer_.push_event(event, SteadyClock::now());
  wake();
}

void MonitorSession::reply(std::string text) {
  if (!buffer_.push_reply(std::move(text))) close(1008, "too many messages without reading the answers");
  wake();
}

void MonitorSession::wake() { something_to_send_.notify_all(); }

void MonitorSession::close(int code, std::string_view reason) {
  if (std::exchange(closing_, true)) return;
  socket_.close(code, reason);
  wake();
  sent_.notify_all();
}

awaitable<void> MonitorSession::run(std::optional<std::int64_t> since) {
  reply(connected_frame(Uuid::v4().to_string(), kVersion));
  TaskGroup writer(io_);
  writer.spawn("monitor writer", write_loop());
  if (from_query_.execution) co_await replay(*from_query_.execution, since.value_or(0), {});
  co_await read_loop();
  closing_ = true;
  wake();
  // The writer refers to this session: it must be over before the session is.
  while (writer.size() > 0) co_await writer.wait(std::chrono::seconds(60));
}

awaitable<void> MonitorSession::write_loop() {
  auto next_heartbeat = SteadyClock::now() + kHeartbeat;
  while (!closing_ && socket_.is_open()) {
    const auto now = SteadyClock::now();
    if (now >= next_heartbeat) {
      next_heartbeat = now + kHeartbeat;
      buffer_.push_reply(heartbeat_frame());
    }
    MonitorBuffer::Frame frame = buffer_.pop();
    if (!frame) {
      sent_.notify_all();
      co_await something_to_send_.wait_for(next_heartbeat - now);
      continue;
    }
    Result<void> sent = co_await socket_.send(std::move(frame));
    if (!sent) break;
    if (buffer_.events() <= buffer_size_ / 2) sent_.notify_all();
  }
  sent_.notify_all();
}

awaitable<void> MonitorSession::read_loop() {
  while (!closing_ && socket_.is_open()) {
    Result<std::string> text = co_await socket_.read();
    if (!text) break;
    co_await act(std::move(*text));
  }
}

awaitable<void> MonitorSession::act(std::string text) {
  Result<MonitorAction> action = parse_action(text);
  if (!action) {
    reply(error_frame("INVALID_REQUEST", action.error().message, action.error().details));
    if (++bad_messages_ >= kMostBadMessages) close(1008, "too many messages that cannot be understood");
    co_return;
  }
  switch (action->kind) {
    case MonitorAction::Kind::ping: reply(action_frame(*action)); break;
    case MonitorAction::Kind::subscribe: co_await subscribe(std::move(*action)); break;
    case MonitorAction::Kind::unsubscribe:
      if (action->selects_nothing) {
        filter_.unsubscribe_all();
        followed_.clear();
      } else {
        filter_.unsubscribe(action->selection);
        if (action->selection.execution) followed_.erase(*action->selection.execution);
      }
      reply(action_frame(*action));
      break;
  }
}

awaitable<void> MonitorSession::subscribe(MonitorAction action) {
  if (!filter_.subscribe(action.selection)) {
    reply(error_frame("INVALID_REQUEST", "at most 1000 subscriptions per connection", action.id));
    co_return;
  }
  reply(action_frame(action));
  if (action.selection.execution) {
    const Uuid execution = *action.selection.execution;
    co_await replay(execution, action.since.value_or(0), action.id);
  }
}

awaitable<void> MonitorSession::replay(Uuid execution, std::int64_t since, std::string reply_id) {
  // From here on its live events are held back.
  followed_[execution] = Followed{};
  Result<std::vector<ReplayedEvent>> events = co_await history(execution);
  const auto over = followed_.find(execution);
  if (over == followed_.end()) co_return;
  if (!events) {
    const bool unknown = events.error().code == ErrorCode::execution_not_found;
    reply(error_frame(unknown ? "EXECUTION_NOT_FOUND" : "SERVICE_UNAVAILABLE", events.error().message, reply_id));
    over->second.last_seq = since;
  } else {
    for (const ReplayedEvent& item : *events) {
      // Replaying keeps the pace of the client; only live events may be dropped.
      while (!closing_ && socket_.is_open() && buffer_.events() > buffer_size_ / 2)
        co_await sent_.wait_for(std::chrono::seconds(1));
      if (closing_ || !socket_.is_open()) co_return;
      if (item.seq > since && filter_.wants(*item.event)) enqueue(item.event);
    }
  }
  Followed& followed = followed_[execution];
  followed.last_seq = events && !events->empty() ? std::max(since, events->back().seq) : since;
  const std::vector<MonitorEventPtr> held = std::exchange(followed.held, {});
  followed.replaying = false;
  for (const MonitorEventPtr& event : held) {
    if (event->seq() > followed.last_seq) enqueue(event);
  }
}

awaitable<Result<std::vector<ReplayedEvent>>> MonitorSession::history(Uuid execution) {
  auto found = co_await executions_.find_with_journal(execution);
  if (!found) co_return fail(std::move(found.error()));
  if (!*found) co_return fail(ErrorCode::execution_not_found, "Execution '" + execution.to_string() + "' not found");
  store::ExecutionRow& row = (*found)->first;
  std::vector<std::string>& parts = (*found)->second;
  if (!row.trace.empty()) parts.push_back(row.trace);
  std::vector<store::JournalEntry> entries;
  for (const std::string& part : parts) {
    Result<std::vector<store::JournalEntry>> some = store::parse_entries(part);
    if (!some) co_return fail(std::move(some.error()));
    std::move(some->begin(), some->end(), std::back_inserter(entries));
  }
  co_return replay_events(row, entries);
}

}  // namespace r8r::api
