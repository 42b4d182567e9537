// Ends that are not reached by finishing: failure, cancellation, the deadline; and pauses.
#include <fmt/format.h>

#include "services/scheduler/engine/execution.hpp"

namespace r8r::engine {

using journal::EntryKind;
using journal::JournalEntry;

Result<Decision> Execution::pause(std::string reason, Timestamp now) {
  if (ended_) return r8r::fail(ErrorCode::invalid_state, "the execution has ended");
  if (paused_) return r8r::fail(ErrorCode::invalid_state, "the execution is paused already");
  Decision decision;
  record({.kind = EntryKind::paused, .finished_at = now, .error = std::move(reason)}, decision);
  return decision;
}

Result<Decision> Execution::unpause(Timestamp now) {
  if (ended_) return r8r::fail(ErrorCode::invalid_state, "the execution has ended");
  if (!paused_)
    return r8r::fail(
        ErrorCode::invalid_state,
        fmt::format("the execution is {}; only paused, failed and cancelled ones can be resumed", status()));
  Decision decision;
  record({.kind = EntryKind::resumed, .finished_at = now}, decision);
  schedule(decision, now);
  return decision;
}

Result<Decision> Execution::cancel(std::string reason, Timestamp now) {
  if (ended_) return r8r::fail(ErrorCode::invalid_state, "the execution has ended");
  Decision decision;
  Event event{.kind = EventKind::execution_cancelled, .error = reason};
  end_early({.status = "cancelled", .error = std::move(reason)}, std::move(event), decision, now);
  return decision;
}

Decision Execution::on_deadline(Timestamp now) {
  Decision decision;
  if (ended_ || stands_still() || now < deadline()) return decision;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(workflow_->settings.timeout).count();
  fail(-1, fmt::format("Workflow timed out after {} seconds", seconds), "TIMEOUT", decision, now);
  return decision;
}

void Execution::fail(int node, std::string error, std::string error_code, Decision& decision, Timestamp now) {
  Event event{.kind = EventKind::execution_failed, .error = error};
  End end{.status = "failed", .error = std::move(error), .error_code = std::move(error_code), .error_node = node};
  end_early(std::move(end), std::move(event), decision, now);
}

// What still runs or waits is recorded as cancelled. What has failed already, and waited for its fallback or for
// somebody to resume it, stays as it is.
void Execution::end_early(End end, Event event, Decision& decision, Timestamp now) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const int node = static_cast<int>(i);
    for (std::size_t item = 0; nodes_[i].iteration && item < nodes_[i].iteration->items.size(); ++item)
      cancel_unit({node, static_cast<int>(item)}, decision, now);
    cancel_unit({node}, decision, now);
  }
  in_flight_.clear();
  decision.run_now.clear();
  decision.run_after_commit.clear();
  decision.timers.clear();
  // As if those had never been asked for; who waits for none begins all the same.
  std::erase_if(decision.children, [](const ChildStart& start) { return start.call.awaited; });
  decision.stopped.clear();  // all of it stops
  ended_ = true;
  event.duration = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_at_);
  event.at = now;
  emit(&decision.events, std::move(event));
  decision.end = std::move(end);
}

void Execution::cancel_unit(Unit unit, Decision& decision, Timestamp now) {
  const NodeState state = attempts(unit).state;
  const bool has_items = unit.item < 0 && status_of(unit.node).iteration != nullptr;
  if (state == NodeState::calling) {
    decision.let_go.push_back(attempts(unit).child);
    decision.abandoned.push_back(attempts(unit).child);
  }
  const bool open = state == NodeState::running || state == NodeState::waiting || state == NodeState::calling ||
                    state == NodeState::asking || state == NodeState::retrying || state == NodeState::iterating ||
                    (state == NodeState::exhausted && has_items);
  if (!open) return;
  JournalEntry entry = entry_for(unit, EntryKind::cancelled);
  entry.finished_at = now;
  record(std::move(entry), decision);
}

}  // namespace r8r::engine
