#include "services/api/event_replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "common/base/json_text.hpp"

namespace r8r::api {
namespace {

using journal::EntryKind;
using journal::JournalEntry;

std::int64_t milliseconds_between(Timestamp from, Timestamp to) {
  return std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count());
}

class Replay {
 public:
  explicit Replay(const store::ExecutionRow& row) : row_(row), id_(row.id.to_string()) {}

  std::vector<ReplayedEvent> run(const std::vector<JournalEntry>& entries) {
    if (row_.live && entries.empty() && !row_.started_at) return {};  // its first event is still to come
    begin("execution_started");
    text("trigger_type", row_.trigger_type);
    end(row_.started_at.value_or(row_.accepted_at));
    for (const JournalEntry& entry : entries) take(entry);
    if (!row_.live) finish();
    return std::move(events_);
  }

 private:
  enum class State { idle, running, waiting };

  void take(const JournalEntry& entry) {
    if (entry.kind == EntryKind::paused || entry.kind == EntryKind::resumed) {
      begin(entry.kind == EntryKind::paused ? "execution_paused" : "execution_resumed");
      text("reason", entry.error);
      end(entry.finished_at);
      return;
    }
    if (entry.after_fallback) return;  // its failure was told when it happened
    State& state =
        states_[entry.item_index < 0 ? entry.node_id : fmt::format("{}#{}", entry.node_id, entry.item_index)];
    const State before = state;
    const auto started = [&] {
      begin("node_started");
      node_of(entry);
      text("node_type", entry.node_type);
      fmt::format_to(std::back_inserter(body_), ",\"attempt\":{}", entry.attempt);
      end(entry.started_at);
    };
    const auto completed = [&](std::string_view status, std::int64_t duration) {
      begin("node_completed");
      node_of(entry);
      text("status", status);
      fmt::format_to(std::back_inserter(body_), ",\"duration_ms\":{}", duration);
      end(entry.finished_at);
    };
    // A node without an entry for its start has both events from its end.
    const bool starts_here =
        before == State::idle && entry.kind != EntryKind::skipped && entry.kind != EntryKind::cancelled;
    const bool restarts = entry.kind == EntryKind::started && before == State::waiting;
    if (starts_here || restarts) started();
    switch (entry.kind) {
      case EntryKind::started:
      case EntryKind::called:
      case EntryKind::asked:
      case EntryKind::expanded:
        state = State::running;
        return;
      case EntryKind::paused:
      case EntryKind::resumed:
        return;
      case EntryKind::waiting:
        state = State::waiting;
        return;
      case EntryKind::cancelled:
        state = State::idle;
        return;
      case EntryKind::completed:
        state = State::idle;
        return completed("completed", milliseconds_between(entry.started_at, entry.finished_at));
      case EntryKind::skipped:
        state = State::idle;
        return completed("skipped", 0);
      case EntryKind::failed:
        state = State::idle;
        begin("node_failed");
        node_of(entry);
        text("error", entry.error);
        fmt::format_to(std::back_inserter(body_), ",\"will_retry\":{},\"attempt\":{}", entry.wake_at != Timestamp{},
                       entry.attempt);
        end(entry.finished_at);
        return;
    }
  }

  void finish() {
    const Timestamp finished = row_.finished_at.value_or(row_.accepted_at);
    const std::string type = "execution_" + row_.status;
    begin(type);
    if (row_.status == "failed") {
      text("error", row_.error.value_or(""));
    } else if (row_.status == "cancelled") {
      text("reason", row_.error.value_or(""));
      return end(finished);
    } else {
      text("status", row_.status);
    }
    fmt::format_to(std::back_inserter(body_), ",\"duration_ms\":{}",
                   milliseconds_between(row_.started_at.value_or(row_.accepted_at), finished));
    end(finished);
  }

  void begin(std::string_view type) {
    type_ = type;
    body_ = fmt::format(R"({{"type":"{0}","event":"{0}","execution_id":"{1}")", type, id_);
  }
  void node_of(const JournalEntry& entry) {
    text("node_id", entry.node_id);
    if (entry.item_index >= 0) fmt::format_to(std::back_inserter(body_), ",\"item_index\":{}", entry.item_index);
  }
  void text(std::string_view key, std::string_view value) {
    fmt::format_to(std::back_inserter(body_), ",\"{}\":", key);
    append_json_string(body_, value);
  }
  void end(Timestamp at) {
    text("workflow_name", row_.workflow_name);
    const std::int64_t seq = next_seq_++;
    fmt::format_to(std::back_inserter(body_), R"(,"seq":{},"timestamp":"{}","replayed":true}})", seq, to_rfc3339(at));
    auto event = std::make_shared<MonitorEvent>();
    event->execution_id = row_.id;
    event->workflow = row_.workflow_name;
    event->type = type_;
    event->body = std::make_shared<const std::string>(std::move(body_));
    events_.push_back({seq, std::move(event)});
  }

  const store::ExecutionRow& row_;
  std::string id_;
  std::string type_;
  std::string body_;
  std::int64_t next_seq_ = 1;
  std::unordered_map<std::string, State> states_;
  std::vector<ReplayedEvent> events_;
};

}  // namespace

std::vector<ReplayedEvent> replay_events(const store::ExecutionRow& row, const std::vector<JournalEntry>& entries) {
  return Replay(row).run(entries);
}

}  // namespace r8r::api
