// Which nodes start next, and how pure neighbours are fused into segments.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "common/base/result.hpp"
#include "services/scheduler/engine/execution.hpp"

namespace r8r::engine {

using journal::EntryKind;
using journal::JournalEntry;
using workflow::Node;
using workflow::NodeClass;

bool Execution::done(int node) const {
  const NodeState state = nodes_[static_cast<std::size_t>(node)].state;
  return state == NodeState::completed || state == NodeState::skipped || state == NodeState::recovered;
}

// A pinned node is not run, whatever its type. The preparation of a control node (its condition and config) is pure.
bool Execution::runs_pure(int node) const {
  const Node& info = workflow_->nodes[static_cast<std::size_t>(node)];
  return info.pinned.has_value() || info.node_class != NodeClass::effect;
}

// A pure node that may be tried again is a segment of its own: its failure must not drag finished neighbours along.
bool Execution::runs_alone(int node) const {
  const Node& info = workflow_->nodes[static_cast<std::size_t>(node)];
  return info.retry.max_attempts > 1 && info.retry.all_errors;
}

// Whether `node` may run in the same segment as `dependency`, right after it and without coming back.
bool Execution::fuses(int dependency, int node, const std::vector<char>& chosen) const {
  if (!chosen[static_cast<std::size_t>(dependency)] || runs_alone(dependency) || runs_alone(node)) return false;
  const Node& before = workflow_->nodes[static_cast<std::size_t>(dependency)];
  // What follows a control node waits until the scheduler has acted on it.
  return before.node_class == NodeClass::pure || before.pinned.has_value();
}

bool Execution::has_room() const {
  return in_flight_.size() < static_cast<std::size_t>(workflow_->settings.max_concurrency);
}

std::uint64_t Execution::seed_of(std::int64_t dispatch_id) const {
  return std::hash<Uuid>()(id_) ^ (static_cast<std::uint64_t>(dispatch_id) * 0x9e3779b97f4a7c15ull);
}

void Execution::schedule(Decision& decision, Timestamp now) {
  if (ended_) return;
  schedule_segments(decision, now);
  schedule_effects(decision, now);
  finish_if_done(decision, now);
}

void Execution::schedule_segments(Decision& decision, Timestamp now) {
  const std::size_t count = nodes_.size();
  std::vector<char> chosen(count, 0);
  std::vector<int> group(count);
  std::iota(group.begin(), group.end(), 0);
  const auto root = [&](int node) {
    while (group[static_cast<std::size_t>(node)] != node) node = group[static_cast<std::size_t>(node)];
    return node;
  };

  bool any = false;
  for (const int index : workflow_->order) {
    const Node& node = workflow_->nodes[static_cast<std::size_t>(index)];
    if (nodes_[static_cast<std::size_t>(index)].state != NodeState::pending || !runs_pure(index)) continue;
    const bool ready = std::all_of(node.depends_on.begin(), node.depends_on.end(),
                                   [&](int dependency) { return done(dependency) || fuses(dependency, index, chosen); });
    if (!ready) continue;
    chosen[static_cast<std::size_t>(index)] = 1;
    any = true;
    for (const int dependency : node.depends_on) {
      if (!chosen[static_cast<std::size_t>(dependency)]) continue;
      const int from = root(index);
      group[static_cast<std::size_t>(from)] = root(dependency);
    }
  }
  if (!any) return;

  // One segment per connected group, its nodes in an order in which dependencies come first.
  for (const int head : workflow_->order) {
    if (!chosen[static_cast<std::size_t>(head)] || !has_room()) continue;
    Dispatch segment;
    segment.id = ids_->next();
    segment.now = now;
    segment.seed = seed_of(segment.id);
    const int mine = root(head);
    for (const int index : workflow_->order) {
      if (!chosen[static_cast<std::size_t>(index)] || root(index) != mine) continue;
      segment.nodes.push_back(index);
      nodes_[static_cast<std::size_t>(index)].state = NodeState::in_segment;
    }
    for (const int index : segment.nodes) chosen[static_cast<std::size_t>(index)] = 0;
    if (segment.nodes.size() == 1) segment.attempt = nodes_[static_cast<std::size_t>(segment.nodes.front())].attempt + 1;
    in_flight_.push_back(segment);
    decision.run_now.push_back(std::move(segment));
  }
}

void Execution::schedule_effects(Decision& decision, Timestamp now) {
  for (const int index : workflow_->order) {
    if (!has_room()) return;
    const Node& node = workflow_->nodes[static_cast<std::size_t>(index)];
    if (nodes_[static_cast<std::size_t>(index)].state != NodeState::pending || runs_pure(index)) continue;
    if (!std::all_of(node.depends_on.begin(), node.depends_on.end(), [&](int dependency) { return done(dependency); }))
      continue;
    begin_attempt(index, decision, now);
  }
}

void Execution::begin_attempt(int node, Decision& decision, Timestamp now) {
  const Node& info = workflow_->nodes[static_cast<std::size_t>(node)];
  const std::int64_t id = ids_->next();
  record({.kind = EntryKind::started, .node_id = info.id, .node_type = info.type,
          .attempt = nodes_[static_cast<std::size_t>(node)].attempt + 1, .epoch = ids_->epoch(), .dispatch_id = id, .started_at = now},
         decision);
  decision.run_after_commit.push_back(in_flight_.back());
}

void Execution::finish_if_done(Decision& decision, Timestamp now) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!done(static_cast<int>(i))) return;
  }
  End end{.status = "completed"};
  // The output is that of the last node, by level and then by position, that was not skipped.
  for (auto it = workflow_->order.rbegin(); it != workflow_->order.rend(); ++it) {
    const NodeStatus& status = nodes_[static_cast<std::size_t>(*it)];
    if (status.state == NodeState::skipped) continue;
    end.output = status.output;
    break;
  }
  ended_ = true;
  emit(&decision.events, {.kind = EventKind::execution_completed, .status = "completed",
                          .duration = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_at_), .at = now});
  decision.end = std::move(end);
}

// Ends the execution with an error; what still runs is recorded as cancelled.
void Execution::fail(int node, std::string error, Decision& decision, Timestamp now) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const NodeState state = nodes_[i].state;
    if (state != NodeState::running && state != NodeState::waiting && state != NodeState::retrying) continue;
    const Node& info = workflow_->nodes[i];
    record({.kind = EntryKind::cancelled, .node_id = info.id, .node_type = info.type,
            .attempt = nodes_[i].attempt, .started_at = nodes_[i].started_at, .finished_at = now},
           decision);
  }
  in_flight_.clear();
  decision.run_now.clear();
  decision.run_after_commit.clear();
  decision.timers.clear();
  ended_ = true;
  emit(&decision.events, {.kind = EventKind::execution_failed, .error = error,
                          .duration = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_at_), .at = now});
  decision.end = End{.status = "failed", .output = nullptr, .error = std::move(error), .error_node = node};
}

}  // namespace r8r::engine
