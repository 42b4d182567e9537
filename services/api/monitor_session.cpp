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

MonitorSession::MonitorSession(asio::io_context& io, http::WebSocket& socket, store::Pool& pool,
                               MonitorSelection from_query, std::size_t buffer_size)
    : io_(io),
      socket_(socket),
      executions_(pool),
      from_query_(from_query),
      filter_(std::move(from_query)),
      buffer_(buffer_size),
      something_to_send_(io),
      sent_(io),
      something_to_replay_(io) {}

void MonitorSession::offer(const MonitorEventPtr& event) {
  if (closing_ || !filter_.wants(*event)) return;
  if (!followed_.empty() && !event->execution_id.is_nil()) {
    const auto found = followed_.find(event->execution_id);
    if (found != followed_.end()) {
      Followed& followed = found->second;
      if (followed.replaying) {
        if (followed.held.size() < kMostHeld) {
          followed.held.push_back(event);
        } else {
          followed.lost_last = event->seq();
          if (followed.lost_first == 0) followed.lost_first = followed.lost_last;
        }
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

void MonitorSession::wake() {
  something_to_send_.notify_all();
}

void MonitorSession::close(int code, std::string_view reason) {
  if (std::exchange(closing_, true)) return;
  socket_.close(code, reason);
  wake();
  sent_.notify_all();
  something_to_replay_.notify_all();
}

awaitable<void> MonitorSession::run(std::optional<std::int64_t> since) {
  reply(connected_frame(Uuid::v4().to_string(), kVersion));
  if (from_query_.execution) follow({*from_query_.execution, since.value_or(0), {}});
  TaskGroup others(io_);
  others.spawn("monitor writer", write_loop());
  others.spawn("monitor replay", replay_loop());
  co_await read_loop();
  closing_ = true;
  wake();
  sent_.notify_all();
  something_to_replay_.notify_all();
  // They refer to this session: they must be over before it is.
  while (others.size() > 0) co_await others.wait(std::chrono::seconds(60));
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
    if (buffer_.has_room()) sent_.notify_all();
  }
  sent_.notify_all();
}

awaitable<void> MonitorSession::read_loop() {
  while (!closing_ && socket_.is_open()) {
    Result<std::string> text = co_await socket_.read();
    if (!text) break;
    act(*text);
  }
}

void MonitorSession::act(const std::string& text) {
  Result<MonitorAction> action = parse_action(text);
  if (!action) {
    reply(error_frame("INVALID_REQUEST", action.error().message, action.error().details));
    if (++bad_messages_ >= kMostBadMessages) close(1008, "too many messages that cannot be understood");
    return;
  }
  switch (action->kind) {
    case MonitorAction::Kind::ping:
      reply(action_frame(*action));
      break;
    case MonitorAction::Kind::subscribe:
      subscribe(*action);
      break;
    case MonitorAction::Kind::unsubscribe:
      unsubscribe(*action);
      break;
  }
}

void MonitorSession::subscribe(const MonitorAction& action) {
  if (!filter_.subscribe(action.selection)) {
    reply(error_frame("INVALID_REQUEST", "at most 1000 subscriptions per connection", action.id));
    return;
  }
  reply(action_frame(action));
  if (action.selection.execution) follow({*action.selection.execution, action.since.value_or(0), action.id});
}

void MonitorSession::unsubscribe(const MonitorAction& action) {
  if (action.selects_nothing) {
    filter_.unsubscribe_all();
    followed_.clear();
  } else {
    filter_.unsubscribe(action.selection);
    if (action.selection.execution) followed_.erase(*action.selection.execution);
  }
  reply(action_frame(action));
}

// From here on the live events of the execution are held back until its history has been told.
void MonitorSession::follow(ReplayRequest request) {
  if (!followed_.try_emplace(request.execution).second) return;
  if (replays_.size() >= MonitorFilter::kMostSubscriptions) return close(1008, "too many subscriptions at once");
  replays_.push_back(std::move(request));
  something_to_replay_.notify_all();
}

awaitable<void> MonitorSession::replay_loop() {
  while (!closing_) {
    if (replays_.empty()) {
      co_await something_to_replay_.wait();
      continue;
    }
    ReplayRequest request = std::move(replays_.front());
    replays_.pop_front();
    co_await replay(std::move(request));
  }
}

awaitable<void> MonitorSession::replay(ReplayRequest request) {
  if (!followed_.contains(request.execution)) co_return;
  Result<std::vector<ReplayedEvent>> events = co_await history(request.execution);
  std::int64_t last = request.since;
  if (!events) {
    const bool unknown = events.error().code == ErrorCode::execution_not_found;
    reply(
        error_frame(unknown ? "EXECUTION_NOT_FOUND" : "SERVICE_UNAVAILABLE", events.error().message, request.reply_id));
    events = std::vector<ReplayedEvent>();
  }
  for (const ReplayedEvent& item : *events) {
    // History keeps the pace of the client; only live events may be dropped.
    while (!closing_ && socket_.is_open() && !buffer_.has_room()) co_await sent_.wait_for(std::chrono::seconds(1));
    if (closing_ || !socket_.is_open() || !followed_.contains(request.execution)) co_return;
    if (item.seq > request.since && filter_.wants(*item.event)) enqueue(item.event);
    last = std::max(last, item.seq);
  }
  const auto found = followed_.find(request.execution);
  if (found == followed_.end()) co_return;
  Followed& followed = found->second;
  followed.replaying = false;
  followed.last_seq = last;
  const std::vector<MonitorEventPtr> held = std::exchange(followed.held, {});
  for (const MonitorEventPtr& event : held) {
    if (event->seq() > last) enqueue(event);
  }
  if (followed.lost_last > last)
    reply(gap_frame(request.execution, std::max(followed.lost_first, last + 1), followed.lost_last));
}

awaitable<Result<std::vector<ReplayedEvent>>> MonitorSession::history(Uuid execution) {
  auto found = co_await executions_.find_with_journal(execution);
  if (!found) co_return fail(std::move(found.error()));
  if (!*found) co_return fail(ErrorCode::execution_not_found, "Execution '" + execution.to_string() + "' not found");
  store::ExecutionRow& row = (*found)->first;
  std::vector<std::string>& parts = (*found)->second;
  if (!row.trace.empty()) parts.push_back(row.trace);
  std::vector<journal::JournalEntry> entries;
  for (const std::string& part : parts) {
    Result<std::vector<journal::JournalEntry>> some = journal::parse_entries(part);
    if (!some) co_return fail(std::move(some.error()));
    std::move(some->begin(), some->end(), std::back_inserter(entries));
  }
  co_return replay_events(row, entries);
}

}  // namespace r8r::api
