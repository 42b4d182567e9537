#include "services/scheduler/engine/execution.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/result.hpp"

namespace r8r::engine {

using journal::EntryKind;
using journal::JournalEntry;
using workflow::Node;
using workflow::NodeClass;

namespace {

const Payload& null_payload() {
  static const Payload null = std::make_shared<const std::string>("null");
  return null;
}

std::chrono::milliseconds between(Timestamp from, Timestamp to) {
  return std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(to - from));
}

}  // namespace

Execution::Execution(std::shared_ptr<const workflow::Workflow> workflow, Uuid id, Timestamp accepted_at, DispatchIds& ids)
    : workflow_(std::move(workflow)), id_(id), ids_(&ids), started_at_(accepted_at), nodes_(workflow_->nodes.size()) {}

Decision Execution::start(Timestamp now) {
  R8R_ASSERT(next_seq_ == 1 && !ended_, "start() of an execution that has begun");
  started_at_ = now;
  Decision decision;
  emit(&decision.events, {.kind = EventKind::execution_started, .at = now});
  schedule(decision, now);
  return decision;
}

void Execution::replay(const std::vector<JournalEntry>& entries) {
  // Every journal begins after execution_started.
  if (next_seq_ == 1) next_seq_ = 2;
  for (const JournalEntry& entry : entries) apply(entry, nullptr);
}

Decision Execution::resume(Timestamp now) {
  R8R_ASSERT(!ended_, "resume() of an execution that has ended");
  Decision decision;
  if (next_seq_ == 1) emit(&decision.events, {.kind = EventKind::execution_started, .at = now});
  decision.run_after_commit = in_flight_;
  schedule(decision, now);
  return decision;
}

Decision Execution::on_result(SegmentResult result, Timestamp now) {
  Decision decision;
  const auto found = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const Dispatch& d) { return d.id == result.dispatch_id; });
  if (ended_ || found == in_flight_.end() || found->attempt != result.attempt) {
    decision.superseded = true;
    return decision;
  }
  const Dispatch segment = std::move(*found);
  in_flight_.erase(found);
  for (const int node : segment.nodes) {
    NodeStatus& status = nodes_[static_cast<std::size_t>(node)];
    if (status.state == NodeState::in_segment) status.state = NodeState::pending;
  }
  if (!result.error.empty()) {
    NodeResult failed{.node = segment.nodes.front(), .outcome = Outcome::failed, .error = result.error,
                      .error_code = "TASK_FAILED", .permanent = true, .started_at = segment.now, .finished_at = now};
    result.nodes.clear();
    result.nodes.push_back(std::move(failed));
  }
  for (NodeResult& node : result.nodes) {
    if (ended_) break;
    const bool asked = std::find(segment.nodes.begin(), segment.nodes.end(), node.node) != segment.nodes.end();
    if (!asked || done(node.node)) continue;
    take_result(std::move(node), result, decision, now);
  }
  if (!ended_) schedule(decision, now);
  return decision;
}

void Execution::take_result(NodeResult&& result, const SegmentResult& segment, Decision& decision, Timestamp now) {
  const Node& node = workflow_->nodes[static_cast<std::size_t>(result.node)];
  JournalEntry entry{.node_id = node.id, .node_type = node.type, .attempt = segment.attempt, .started_at = result.started_at,
                     .finished_at = result.finished_at, .worker = segment.worker, .logs = std::move(result.logs)};
  switch (result.outcome) {
    case Outcome::completed:
      entry.kind = EntryKind::completed;
      entry.has_output = true;
      entry.output = std::move(result.output);
      record(std::move(entry), decision);
      break;
    case Outcome::skipped:
      entry.kind = EntryKind::skipped;
      record(std::move(entry), decision);
      break;
    case Outcome::waiting:
      entry.kind = EntryKind::waiting;
      entry.has_output = true;
      entry.output = std::move(result.output);
      entry.wake_at = now + result.wait;
      decision.timers.push_back({result.node, entry.wake_at});
      record(std::move(entry), decision);
      break;
    case Outcome::failed:
      entry.kind = EntryKind::failed;
      take_failure(std::move(result), std::move(entry), decision, now);
      break;
  }
}

void Execution::take_failure(NodeResult&& result, JournalEntry entry, Decision& decision, Timestamp now) {
  const Node& node = workflow_->nodes[static_cast<std::size_t>(result.node)];
  entry.error = std::move(result.error);
  entry.error_code = std::move(result.error_code);
  const bool may_retry = entry.attempt < node.retry.max_attempts && (!result.permanent || node.retry.all_errors);
  if (may_retry) {
    const auto delay = retry_delay(node.retry, entry.attempt, result.retry_after, seed_of(result.node));
    entry.wake_at = now + std::max(delay, std::chrono::milliseconds(1));
    decision.timers.push_back({result.node, entry.wake_at});
    record(std::move(entry), decision);
  } else if (result.recovery && node.on_error != workflow::OnError::fail) {
    entry.recovered = true;
    entry.has_output = true;
    entry.output = std::move(*result.recovery);
    record(std::move(entry), decision);
  } else {
    std::string error = entry.error;
    record(std::move(entry), decision);
    fail(result.node, std::move(error), decision, now);
  }
}

Decision Execution::on_timer(int node, Timestamp now) {
  Decision decision;
  NodeStatus& status = nodes_[static_cast<std::size_t>(node)];
  const bool due = (status.state == NodeState::retrying || status.state == NodeState::waiting) && now >= status.wake_at;
  if (ended_ || !due) return decision;
  decision.timers.push_back({node, std::nullopt});
  if (status.state == NodeState::waiting) {
    const Node& info = workflow_->nodes[static_cast<std::size_t>(node)];
    record({.kind = EntryKind::completed, .node_id = info.id, .node_type = info.type, .attempt = status.attempt,
            .started_at = status.started_at, .finished_at = now, .has_output = true, .output = *status.when_woken},
           decision);
  } else {
    status.state = NodeState::pending;
  }
  schedule(decision, now);
  return decision;
}

Decision Execution::on_deadline(Timestamp now) {
  Decision decision;
  if (ended_ || now < deadline()) return decision;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(workflow_->settings.timeout).count();
  fail(-1, fmt::format("Workflow timed out after {} seconds", seconds), decision, now);
  return decision;
}

Decision Execution::replace_lost(std::int64_t dispatch_id, Timestamp now) {
  Decision decision;
  const auto found = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const Dispatch& d) { return d.id == dispatch_id; });
  if (ended_ || found == in_flight_.end() || !found->effect) return decision;
  const int node = found->nodes.front();
  in_flight_.erase(found);
  nodes_[static_cast<std::size_t>(node)].attempt -= 1;  // the same attempt, not one more
  begin_attempt(node, decision, now);
  return decision;
}

const Dispatch* Execution::find_dispatch(std::int64_t id) const {
  const auto found = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const Dispatch& d) { return d.id == id; });
  return found == in_flight_.end() ? nullptr : &*found;
}

std::vector<TimerChange> Execution::timers() const {
  std::vector<TimerChange> all;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].state == NodeState::retrying || nodes_[i].state == NodeState::waiting)
      all.push_back({static_cast<int>(i), nodes_[i].wake_at});
  }
  return all;
}

void Execution::record(JournalEntry entry, Decision& decision) {
  apply(entry, &decision.events);
  decision.entries.push_back(std::move(entry));
}

// The one place where node states change for good; `events` is null in a replay, which only counts them.
void Execution::apply(const JournalEntry& entry, std::vector<Event>* events) {
  const int index = workflow_->find(entry.node_id);
  R8R_ASSERT(index >= 0, fmt::format("journal of {} names node '{}'", id_.to_string(), entry.node_id));
  NodeStatus& status = nodes_[static_cast<std::size_t>(index)];
  const bool was_running = status.state == NodeState::running;
  const bool was_waiting = status.state == NodeState::waiting;
  const auto drop_dispatch = [&] {
    std::erase_if(in_flight_, [&](const Dispatch& d) { return d.effect && d.nodes.front() == index; });
  };
  const auto begin = [&] {
    // A pure node has no entry for its start: its end tells both.
    if (!was_running && !was_waiting)
      emit(events, {.kind = EventKind::node_started, .node = index, .attempt = entry.attempt, .at = entry.started_at});
  };

  switch (entry.kind) {
    case EntryKind::started: {
      status.state = NodeState::running;
      status.attempt = entry.attempt;
      status.dispatch_id = entry.dispatch_id;
      status.started_at = entry.started_at;
      drop_dispatch();
      in_flight_.push_back({.id = entry.dispatch_id, .nodes = {index}, .attempt = entry.attempt, .effect = true,
                            .now = entry.started_at, .seed = seed_of(entry.dispatch_id)});
      // A dispatch that replaces a lost one is no new attempt.
      if (!was_running)
        emit(events, {.kind = EventKind::node_started, .node = index, .attempt = entry.attempt, .at = entry.started_at});
      break;
    }
    case EntryKind::completed:
      begin();
      drop_dispatch();
      status.state = NodeState::completed;
      status.attempt = entry.attempt;
      status.output = entry.output == "null" ? null_payload() : std::make_shared<const std::string>(entry.output);
      status.when_woken = nullptr;
      emit(events, {.kind = EventKind::node_completed, .node = index, .attempt = entry.attempt, .status = "completed",
                    .duration = between(entry.started_at, entry.finished_at), .at = entry.finished_at});
      break;
    case EntryKind::skipped:
      drop_dispatch();
      status.state = NodeState::skipped;
      status.output = null_payload();
      emit(events, {.kind = EventKind::node_completed, .node = index, .attempt = entry.attempt, .status = "skipped",
                    .duration = std::chrono::milliseconds(0), .at = entry.finished_at});
      break;
    case EntryKind::waiting:
      begin();
      status.state = NodeState::waiting;
      status.attempt = entry.attempt;
      status.started_at = entry.started_at;
      status.wake_at = entry.wake_at;
      status.when_woken = std::make_shared<const std::string>(entry.output);
      break;
    case EntryKind::failed: {
      begin();
      drop_dispatch();
      status.attempt = entry.attempt;
      const bool retried = entry.wake_at != Timestamp{};
      if (retried) {
        status.state = NodeState::retrying;
        status.wake_at = entry.wake_at;
      } else if (entry.recovered) {
        status.state = NodeState::recovered;
        status.output = std::make_shared<const std::string>(entry.output);
      } else {
        status.state = NodeState::failed;
      }
      emit(events, {.kind = EventKind::node_failed, .node = index, .attempt = entry.attempt, .error = entry.error,
                    .will_retry = retried, .duration = between(entry.started_at, entry.finished_at), .at = entry.finished_at});
      break;
    }
    case EntryKind::cancelled:
      drop_dispatch();
      status.state = NodeState::cancelled;
      break;
  }
}

void Execution::emit(std::vector<Event>* events, Event event) {
  event.seq = next_seq_++;
  if (events) events->push_back(std::move(event));
}

}  // namespace r8r::engine
