#include "services/scheduler/engine/execution.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace r8r::engine {

using journal::EntryKind;
using journal::JournalEntry;

Execution::Execution(std::shared_ptr<const workflow::Workflow> workflow, Uuid id, Timestamp accepted_at,
                     DispatchIds& ids)
    : workflow_(std::move(workflow)),
      id_(id),
      ids_(&ids),
      started_at_(accepted_at),
      nodes_(workflow_->nodes.size()),
      last_progress_(accepted_at) {
  has_fallbacks_ = std::any_of(workflow_->nodes.begin(), workflow_->nodes.end(),
                               [](const workflow::Node& node) { return node.fallback_node >= 0; });
}

Decision Execution::start(Timestamp now) {
  R8R_ASSERT(next_seq_ == 1 && !ended_, "start() of an execution that has begun");
  started_at_ = last_progress_ = now;
  Decision decision;
  emit(&decision.events, {.kind = EventKind::execution_started, .at = now});
  schedule(decision, now);
  return decision;
}

Decision Execution::start_again(const std::vector<JournalEntry>& before, Timestamp now) {
  R8R_ASSERT(next_seq_ == 1 && !ended_, "start_again() of an execution that has begun");
  started_at_ = last_progress_ = now;
  Decision decision;
  emit(&decision.events, {.kind = EventKind::execution_started, .at = now});
  std::vector<Event> told_before;
  for (JournalEntry& entry : kept_entries(before)) {
    if (workflow_->find(entry.node_id) < 0) continue;
    apply(entry, &told_before);
    decision.entries.push_back(std::move(entry));
  }
  record({.kind = EntryKind::resumed, .finished_at = now}, decision);
  schedule(decision, now);
  return decision;
}

Decision Execution::start_from(const std::vector<JournalEntry>& kept, Timestamp now) {
  R8R_ASSERT(next_seq_ == 1 && !ended_, "start_from() of an execution that has begun");
  started_at_ = last_progress_ = now;
  Decision decision;
  emit(&decision.events, {.kind = EventKind::execution_started, .at = now});
  for (const JournalEntry& entry : kept) apply(entry, nullptr);
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

Decision Execution::on_timer(Unit unit, Timestamp now) {
  Decision decision;
  if (ended_ || unit.node < 0 || static_cast<std::size_t>(unit.node) >= nodes_.size()) return decision;
  NodeStatus& node = status_of(unit.node);
  if (unit.item >= 0 && (!node.iteration || static_cast<std::size_t>(unit.item) >= node.iteration->items.size()))
    return decision;
  Attempts& own = attempts(unit);

  if (own.state == NodeState::running || own.state == NodeState::in_segment) {
    for (const Dispatch& dispatch : in_flight_) {
      const std::optional<Timestamp> at = times_out_at(dispatch);
      if (!at || now < *at || dispatch.unit() != unit) continue;
      const double seconds = static_cast<double>(info(unit.node).timeout->count()) / 1000;
      return fail_attempt(dispatch.id,
                          fmt::format("the node did not finish within its timeout of {:g} seconds", seconds), "TIMEOUT",
                          false, now);
    }
    return decision;
  }
  if (own.state == NodeState::calling && own.wake_at != Timestamp{} && now >= own.wake_at) {
    decision.timers.push_back({unit, std::nullopt});
    decision.let_go.push_back(own.child);
    decision.abandoned.push_back(own.child);
    const double seconds = std::chrono::duration<double>(own.wake_at - own.since).count();
    take_child_failure(unit, fmt::format("the sub-workflow did not end within its timeout of {:g} seconds", seconds),
                       "TIMEOUT", decision, now);
    if (!ended_) schedule(decision, now);
    return decision;
  }
  if (own.state == NodeState::asking && own.wake_at != Timestamp{} && now >= own.wake_at) {
    settle_question(unit.node, {.approved = node.approves_by_itself, .decided_by = "timeout"}, decision, now);
    schedule(decision, now);
    return decision;
  }
  const bool due = (own.state == NodeState::retrying || own.state == NodeState::waiting) && now >= own.wake_at;
  if (!due) return decision;
  decision.timers.push_back({unit, std::nullopt});
  if (own.state == NodeState::waiting) {
    JournalEntry entry = entry_for(unit, EntryKind::completed);
    entry.finished_at = now;
    entry.has_output = true;
    entry.output = *node.when_woken;
    record(std::move(entry), decision);
  } else {
    own.state = NodeState::pending;
    if (unit.item >= 0) node.iteration->again.push_back(unit.item);
  }
  schedule(decision, now);
  return decision;
}

std::optional<Timestamp> Execution::times_out_at(const Dispatch& dispatch) const {
  // A pure node with a timeout is a segment of its own.
  const auto& timeout = info(dispatch.nodes.front()).timeout;
  if (!timeout || (!dispatch.effect && info(dispatch.nodes.front()).node_class == workflow::NodeClass::control))
    return std::nullopt;
  return dispatch.now + *timeout + kTimeoutGrace;
}

const Dispatch* Execution::find_dispatch(std::int64_t id) const {
  const auto found = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const Dispatch& d) { return d.id == id; });
  return found == in_flight_.end() ? nullptr : &*found;
}

std::vector<TimerChange> Execution::timers() const {
  std::vector<TimerChange> all;
  const auto add = [&](const Attempts& own, Unit unit) {
    const bool timed =
        own.state == NodeState::retrying || own.state == NodeState::waiting ||
        ((own.state == NodeState::calling || own.state == NodeState::asking) && own.wake_at != Timestamp{});
    if (timed) all.push_back({unit, own.wake_at});
  };
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const int node = static_cast<int>(i);
    add(nodes_[i], {node});
    if (!nodes_[i].iteration) continue;
    const auto& items = nodes_[i].iteration->items;
    for (std::size_t item = 0; item < items.size(); ++item) add(items[item], {node, static_cast<int>(item)});
  }
  for (const Dispatch& dispatch : in_flight_) {
    if (const auto at = times_out_at(dispatch)) all.push_back({dispatch.unit(), at});
  }
  return all;
}

const Payload& Execution::item(Unit unit) const {
  const NodeStatus& node = status_of(unit.node);
  R8R_ASSERT(node.iteration != nullptr && unit.item >= 0, "the item of a node that has none");
  return node.iteration->inputs[static_cast<std::size_t>(unit.item)];
}

int Execution::item_count(int node) const {
  const auto& iteration = status_of(node).iteration;
  return iteration ? static_cast<int>(iteration->inputs.size()) : 0;
}

Payload Execution::given_input(int node) const {
  const int place = status_of(node).stands_for;
  return place < 0 ? nullptr : status_of(place).fallback_input;
}

const Execution::Attempts& Execution::attempts(Unit unit) const {
  const NodeStatus& node = status_of(unit.node);
  if (unit.item < 0) return node;
  R8R_ASSERT(node.iteration != nullptr, "an item of a node that has none");
  return node.iteration->items[static_cast<std::size_t>(unit.item)];
}

// What every entry about a unit says.
JournalEntry Execution::entry_for(Unit unit, EntryKind kind) const {
  const NodeStatus& node = status_of(unit.node);
  const Attempts& own = attempts(unit);
  JournalEntry entry{.kind = kind,
                     .node_id = info(unit.node).id,
                     .node_type = info(unit.node).type,
                     .attempt = std::max(own.attempt, 1),
                     .started_at = own.started_at};
  entry.item_index = unit.item;
  if (node.iteration) entry.item_count = static_cast<int>(node.iteration->inputs.size());
  if (node.stands_for >= 0) entry.in_place_of = info(node.stands_for).id;
  return entry;
}

std::vector<JournalEntry> kept_entries(const std::vector<JournalEntry>& entries) {
  std::vector<JournalEntry> kept;
  for (const JournalEntry& entry : entries) {
    const bool about_execution = entry.kind == EntryKind::paused || entry.kind == EntryKind::resumed;
    if (about_execution || entry.item_index >= 0 || !entry.in_place_of.empty()) continue;
    std::erase_if(kept, [&](const JournalEntry& other) { return other.node_id == entry.node_id; });
    if (entry.kind == EntryKind::completed && entry.has_output) kept.push_back(entry);
  }
  return kept;
}

}  // namespace r8r::engine
