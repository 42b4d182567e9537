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
  if (info(node).only_fallback) return true;
  const NodeState state = status_of(node).state;
  return state == NodeState::completed || state == NodeState::skipped || state == NodeState::recovered;
}

// In a later run a dependency may be kept while one further up, to which the node refers, is worked out again.
bool Execution::ready(const Node& node) const {
  const auto all_done = [this](const std::vector<int>& nodes) {
    return std::all_of(nodes.begin(), nodes.end(), [this](int index) { return done(index); });
  };
  return all_done(node.depends_on) && all_done(node.needs) && all_done(node.item_needs);
}

// Dependencies come first in the order, so that one pass skips whole branches.
void Execution::skip_unreached(Decision& decision, Timestamp now) {
  if (!routing_.any()) return;
  for (const int index : workflow_->order) {
    const Node& node = info(index);
    if (status_of(index).state != NodeState::pending || node.only_fallback || !ready(node) || !routing_.skips(node))
      continue;
    record(
        {.kind = EntryKind::skipped, .node_id = node.id, .node_type = node.type, .started_at = now, .finished_at = now},
        decision);
  }
}

std::vector<int> Execution::routed_away(const Dispatch& dispatch) const {
  std::vector<int> away;
  if (!routing_.any()) return away;
  for (const int index : dispatch.nodes) {
    if (routing_.skipped(index)) away.push_back(index);
    for (const int dependency : workflow_->nodes[static_cast<std::size_t>(index)].depends_on) {
      if (routing_.skipped(dependency)) away.push_back(dependency);
    }
  }
  std::sort(away.begin(), away.end());
  away.erase(std::unique(away.begin(), away.end()), away.end());
  return away;
}

// A pinned node is not run, whatever its type. The preparation of a control node (its condition and config) is pure,
// and so is the making of an effect's items.
bool Execution::runs_pure(int node) const {
  const Node& own = info(node);
  return own.pinned.has_value() || own.node_class != NodeClass::effect || own.for_each.has_value();
}

// A pure node that may be tried again is a segment of its own: its failure must not drag finished neighbours along. So
// is one whose time is limited, and one that stands for another.
bool Execution::runs_alone(int node) const {
  const Node& own = info(node);
  return (own.retry.max_attempts > 1 && own.retry.all_errors) || own.retry.pause_when_exhausted ||
         own.timeout.has_value() || own.only_fallback;
}

// Whether `node` may run in the same segment as `dependency`, right after it and without coming back.
bool Execution::fuses(int dependency, int node, const std::vector<char>& chosen) const {
  if (!chosen[static_cast<std::size_t>(dependency)] || runs_alone(dependency) || runs_alone(node)) return false;
  const Node& before = workflow_->nodes[static_cast<std::size_t>(dependency)];
  if (before.pool != workflow_->nodes[static_cast<std::size_t>(node)].pool) return false;
  // What follows a control node waits until the scheduler has acted on it.
  return before.node_class == NodeClass::pure || before.pinned.has_value();
}

bool Execution::has_room() const {
  return in_flight_.size() + static_cast<std::size_t>(calling_) <
         static_cast<std::size_t>(workflow_->settings.max_concurrency);
}

std::uint64_t Execution::seed_of(std::int64_t dispatch_id) const {
  return std::hash<Uuid>()(id_) ^ (static_cast<std::uint64_t>(dispatch_id) * 0x9e3779b97f4a7c15ull);
}

void Execution::schedule(Decision& decision, Timestamp now) {
  if (ended_) return;
  skip_unreached(decision, now);
  if (!paused_) {
    if (has_fallbacks_) assign_fallbacks();
    schedule_segments(decision, now);
    schedule_effects(decision, now);
  }
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
    if (node.only_fallback) {
      if (status_of(index).stands_for < 0) continue;
      chosen[static_cast<std::size_t>(index)] = 1;
      any = true;
      continue;
    }
    const auto with_dependency = [&](int other) {
      return chosen[static_cast<std::size_t>(other)] &&
             std::any_of(node.depends_on.begin(), node.depends_on.end(), [&](int dependency) {
               return chosen[static_cast<std::size_t>(dependency)] && root(dependency) == root(other);
             });
    };
    const bool ready =
        std::all_of(node.depends_on.begin(), node.depends_on.end(),
                    [&](int dependency) { return done(dependency) || fuses(dependency, index, chosen); }) &&
        std::all_of(node.needs.begin(), node.needs.end(),
                    [&](int need) { return done(need) || with_dependency(need); }) &&
        std::all_of(node.item_needs.begin(), node.item_needs.end(),
                    [&](int need) { return done(need) || with_dependency(need); });
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
    if (segment.nodes.size() == 1)
      segment.attempt = nodes_[static_cast<std::size_t>(segment.nodes.front())].attempt + 1;
    in_flight_.push_back(segment);
    decision.run_now.push_back(std::move(segment));
  }
}

// A failed node gets its fallback node as soon as that stands for nobody else.
void Execution::assign_fallbacks() {
  for (const Node& node : workflow_->nodes) {
    if (node.fallback_node < 0 || status_of(node.index).state != NodeState::falling_back) continue;
    NodeStatus& fallback = status_of(node.fallback_node);
    if (fallback.stands_for < 0) fallback.stands_for = node.index;
  }
}

void Execution::schedule_effects(Decision& decision, Timestamp now) {
  for (const int index : workflow_->order) {
    if (!has_room()) return;
    const NodeState state = status_of(index).state;
    if (state == NodeState::iterating) {
      schedule_items(index, decision, now);
    } else if (state == NodeState::pending && !runs_pure(index)) {
      const bool due = info(index).only_fallback ? status_of(index).stands_for >= 0 : ready(info(index));
      if (due) begin_attempt({index}, decision, now);
    }
  }
}

// Retries first, then new items in their order; with a chunk size none of the next batch before all of this one are
// done.
void Execution::schedule_items(int node, Decision& decision, Timestamp now) {
  Iteration& iteration = *status_of(node).iteration;
  const int count = static_cast<int>(iteration.items.size());
  const int chunk = workflow_->settings.chunk_size;
  const int end = chunk > 0 ? std::min(count, (iteration.done / chunk + 1) * chunk) : count;
  while (has_room() && !iteration.again.empty()) {
    const int item = iteration.again.front();
    iteration.again.pop_front();
    begin_attempt({node, item}, decision, now);
  }
  while (has_room() && iteration.next < end) begin_attempt({node, iteration.next}, decision, now);
}

void Execution::begin_attempt(Unit unit, Decision& decision, Timestamp now, const std::string& failure) {
  JournalEntry entry = entry_for(unit, EntryKind::started);
  entry.attempt = attempts(unit).attempt + 1;
  entry.error = failure;
  entry.epoch = ids_->epoch();
  entry.dispatch_id = ids_->next();
  entry.started_at = now;
  record(std::move(entry), decision);
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
    if (status.state == NodeState::skipped || info(*it).only_fallback) continue;
    end.output = status.output;
    break;
  }
  ended_ = true;
  emit(&decision.events, {.kind = EventKind::execution_completed,
                          .status = "completed",
                          .duration = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_at_),
                          .at = now});
  decision.end = std::move(end);
}

}  // namespace r8r::engine
