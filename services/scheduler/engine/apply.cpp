// The one place where the state of an execution changes for good: by journal entries, new ones and replayed ones alike.
#include <fmt/format.h>

#include <algorithm>

#include "common/base/payload.hpp"
#include "services/scheduler/engine/execution.hpp"

namespace r8r::engine {

using journal::EntryKind;
using journal::JournalEntry;
using workflow::Node;

namespace {

Payload payload_of(const std::string& raw) {
  static const Payload null = std::make_shared<const std::string>("null");
  return raw.empty() || raw == "null" ? null : std::make_shared<const std::string>(raw);
}

std::vector<std::string> items_of(const JournalEntry& entry) {
  if (entry.items_at.empty()) return entry.items;
  Result<std::vector<std::string>> items = payload::list_elements(entry.items_at);
  R8R_ASSERT(items.has_value(), fmt::format("node '{}': {}", entry.node_id, items ? "" : items.error().message));
  return std::move(*items);
}

std::chrono::milliseconds between(Timestamp from, Timestamp to) {
  return std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(to - from));
}

}  // namespace

void Execution::record(JournalEntry entry, Decision& decision) {
  apply(entry, &decision.events);
  decision.entries.push_back(std::move(entry));
}

// `events` is null in a replay, which only counts them.
void Execution::apply(const JournalEntry& entry, std::vector<Event>* events) {
  last_progress_ = std::max({last_progress_, entry.started_at, entry.finished_at});
  const bool stood = stands_still();
  apply_to_execution(entry, events);
  if (stands_still() == stood) return;
  if (stood) {
    stood_for_ += std::max(entry.finished_at - stands_since_, Timestamp::duration(0));
  } else {
    stands_since_ = entry.finished_at;
  }
}

void Execution::apply_to_execution(const JournalEntry& entry, std::vector<Event>* events) {
  if (entry.kind == EntryKind::paused) {
    paused_ = true;
    paused_at_ = entry.finished_at;
    pause_reason_ = entry.error;
    emit(events, {.kind = EventKind::execution_paused, .error = entry.error, .at = entry.finished_at});
    return;
  }
  if (entry.kind == EntryKind::resumed) {
    paused_ = false;
    pause_reason_.clear();
    for (NodeStatus& status : nodes_) {
      if (status.state != NodeState::exhausted) continue;
      status.state = status.iteration ? NodeState::iterating : NodeState::pending;
      status.forgiven = status.attempt;
      if (!status.iteration) continue;
      for (std::size_t i = 0; i < status.iteration->items.size(); ++i) {
        Attempts& item = status.iteration->items[i];
        if (item.state != NodeState::exhausted) continue;
        item.state = NodeState::pending;
        item.forgiven = item.attempt;
        status.iteration->again.push_back(static_cast<int>(i));
      }
    }
    emit(events, {.kind = EventKind::execution_resumed, .error = entry.error, .at = entry.finished_at});
    return;
  }
  const int index = workflow_->find(entry.node_id);
  R8R_ASSERT(index >= 0, fmt::format("journal of {} names node '{}'", id_.to_string(), entry.node_id));
  const Iteration* iteration = status_of(index).iteration.get();
  R8R_ASSERT(entry.item_index < 0 ||
                 (iteration != nullptr && static_cast<std::size_t>(entry.item_index) < iteration->items.size()),
             fmt::format("journal of {} names item {} of node '{}'", id_.to_string(), entry.item_index, entry.node_id));
  apply_to_unit(entry, {index, entry.item_index}, events);
}

void Execution::apply_to_unit(const JournalEntry& entry, Unit unit, std::vector<Event>* events) {
  NodeStatus& node = status_of(unit.node);
  Attempts& own = attempts(unit);
  const NodeState before = own.state;
  const bool is_item = unit.item >= 0;
  const auto event = [&](EventKind kind) {
    return Event{.kind = kind, .node = unit.node, .item = unit.item, .attempt = entry.attempt};
  };
  const auto drop_dispatch = [&] {
    std::erase_if(in_flight_, [&](const Dispatch& d) { return d.effect && d.unit() == unit; });
  };
  const auto begin = [&] {
    // What is pure has no entry for its start: its end tells both.
    if (before == NodeState::running || before == NodeState::waiting || before == NodeState::calling ||
        before == NodeState::asking || before == NodeState::iterating)
      return;
    Event started = event(EventKind::node_started);
    started.at = entry.started_at;
    emit(events, std::move(started));
  };
  const auto end = [&](std::string_view how, std::chrono::milliseconds took) {
    Event ended = event(EventKind::node_completed);
    ended.status = how;
    ended.duration = took;
    ended.at = entry.finished_at;
    emit(events, std::move(ended));
  };
  const auto one_more_done = [&] {
    if (is_item) ++node.iteration->done;
  };
  if (!entry.in_place_of.empty()) node.stands_for = workflow_->find(entry.in_place_of);

  switch (entry.kind) {
    case EntryKind::started: {
      own.state = NodeState::running;
      own.attempt = entry.attempt;
      own.dispatch_id = entry.dispatch_id;
      own.started_at = entry.started_at;
      if (is_item) node.iteration->next = std::max(node.iteration->next, unit.item + 1);
      drop_dispatch();
      in_flight_.push_back({.id = entry.dispatch_id,
                            .nodes = {unit.node},
                            .item = unit.item,
                            .attempt = entry.attempt,
                            .effect = true,
                            .now = entry.started_at,
                            .seed = seed_of(entry.dispatch_id),
                            .failure = entry.error});
      // A dispatch that replaces a lost one is no new attempt, nor is one that asks what follows from a failure.
      if (before != NodeState::running) begin();
      break;
    }
    case EntryKind::completed:
      begin();
      drop_dispatch();
      own.state = NodeState::completed;
      own.attempt = entry.attempt;
      own.output = payload_of(entry.output);
      one_more_done();
      if (!is_item) {
        node.when_woken = nullptr;
        node.iteration = nullptr;
        take_routes(info(unit.node), entry.routed_away);
      }
      end("completed", between(entry.started_at, entry.finished_at));
      break;
    case EntryKind::skipped:
      drop_dispatch();
      own.state = NodeState::skipped;
      own.output = payload_of("null");
      if (routing_.skips(info(unit.node))) routing_.skip(unit.node);
      end("skipped", std::chrono::milliseconds(0));
      break;
    case EntryKind::waiting:
      begin();
      own.state = NodeState::waiting;
      own.attempt = entry.attempt;
      own.started_at = own.since = entry.started_at;
      own.wake_at = entry.wake_at;
      node.when_woken = payload_of(entry.output);
      break;
    case EntryKind::asked:
      begin();
      own.state = NodeState::asking;
      own.since = entry.finished_at;
      own.attempt = entry.attempt;
      own.started_at = entry.started_at;
      own.wake_at = entry.wake_at;
      node.when_woken = payload_of(entry.output);
      node.approval = Uuid::parse(entry.approval_id).value_or(Uuid{});
      node.approves_by_itself = entry.approves_by_itself;
      break;
    case EntryKind::called:
      begin();
      drop_dispatch();
      own.state = NodeState::calling;
      own.attempt = entry.attempt;
      own.wake_at = entry.wake_at;
      own.since = entry.finished_at;
      own.child = Uuid::parse(entry.child_id).value_or(Uuid{});
      break;
    case EntryKind::expanded:
      begin();
      own.state = NodeState::iterating;
      own.attempt = entry.attempt;
      own.started_at = entry.started_at;
      node.iteration = std::make_unique<Iteration>();
      for (std::string& item : items_of(entry))
        node.iteration->inputs.push_back(std::make_shared<const std::string>(std::move(item)));
      node.iteration->items.resize(node.iteration->inputs.size());
      break;
    case EntryKind::failed: {
      drop_dispatch();
      const bool retried = entry.wake_at != Timestamp{};
      if (!entry.after_fallback) {
        begin();
        Event failed = event(EventKind::node_failed);
        failed.error = entry.error;
        failed.will_retry = retried;
        failed.duration = between(entry.started_at, entry.finished_at);
        failed.at = entry.finished_at;
        emit(events, std::move(failed));
      }
      own.attempt = entry.attempt;
      own.started_at = entry.started_at;
      if (retried) {
        own.state = NodeState::retrying;
        own.since = entry.finished_at;
        own.wake_at = entry.wake_at;
        own.failure = std::make_shared<const std::string>(entry.error);
      } else if (entry.recovered) {
        own.state = NodeState::recovered;
        own.output = payload_of(entry.output);
        one_more_done();
      } else if (!entry.fallback_input.empty()) {
        own.state = NodeState::falling_back;
        node.fallback_input = payload_of(entry.fallback_input);
        node.recovery = entry.recovery.empty() ? nullptr : payload_of(entry.recovery);
        node.error = entry.error;
        node.error_code = entry.error_code;
      } else if (entry.exhausted) {
        own.state = NodeState::exhausted;
        if (is_item) node.state = NodeState::exhausted;
      } else {
        own.state = NodeState::failed;
      }
      if (!is_item && own.state != NodeState::exhausted) node.iteration = nullptr;
      if (own.state != NodeState::falling_back && !is_item) node.fallback_input = nullptr;
      break;
    }
    case EntryKind::cancelled:
      drop_dispatch();
      own.state = NodeState::cancelled;
      break;
    case EntryKind::paused:
    case EntryKind::resumed:
      break;  // not about a node
  }
  asking_ += (own.state == NodeState::asking ? 1 : 0) - (before == NodeState::asking ? 1 : 0);
  calling_ += (own.state == NodeState::calling ? 1 : 0) - (before == NodeState::calling ? 1 : 0);
  // A fallback that has come to an end is free for the next that needs it.
  const bool over = own.state == NodeState::completed || own.state == NodeState::skipped ||
                    own.state == NodeState::recovered || own.state == NodeState::failed;
  if (entry.in_place_of.empty() || is_item || !over) return;
  own = Attempts{};
  node.stands_for = -1;
}

// Only nodes that the branches of this one name: a result must not skip any other.
void Execution::take_routes(const Node& node, const std::vector<std::string>& away) {
  for (const std::string& id : away) {
    const int index = workflow_->find(id);
    const bool named = std::any_of(node.branches.begin(), node.branches.end(), [index](const workflow::Branch& branch) {
      return std::find(branch.nodes.begin(), branch.nodes.end(), index) != branch.nodes.end();
    });
    if (index >= 0 && named) routing_.skip(index);
  }
}

void Execution::emit(std::vector<Event>* events, Event event) {
  event.seq = next_seq_++;
  if (events) events->push_back(std::move(event));
}

}  // namespace r8r::engine
