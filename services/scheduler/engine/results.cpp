// What workers say, and what follows from it: ends, retries, recoveries, the items of for_each, fallbacks.
#include <fmt/format.h>

#include <algorithm>

#include "common/base/json_text.hpp"
#include "common/base/payload.hpp"
#include "services/scheduler/engine/execution.hpp"

namespace r8r::engine {

using journal::EntryKind;
using journal::JournalEntry;
using workflow::Node;

Decision Execution::on_result(SegmentResult result, Timestamp now) {
  Decision decision;
  const auto found =
      std::find_if(in_flight_.begin(), in_flight_.end(), [&](const Dispatch& d) { return d.id == result.dispatch_id; });
  if (ended_ || found == in_flight_.end() || found->attempt != result.attempt) {
    decision.superseded = true;
    return decision;
  }
  const Dispatch segment = std::move(*found);
  in_flight_.erase(found);
  for (const int node : segment.nodes) {
    if (status_of(node).state == NodeState::in_segment) status_of(node).state = NodeState::pending;
  }
  if (!result.error.empty()) {
    NodeResult failed{.node = segment.nodes.front(),
                      .outcome = Outcome::failed,
                      .error = result.error,
                      .error_code = "TASK_FAILED",
                      .permanent = true,
                      .started_at = segment.now,
                      .finished_at = now};
    fill_recovery(failed, info(failed.node));
    result.nodes.clear();
    result.nodes.push_back(std::move(failed));
  }
  for (NodeResult& node : result.nodes) {
    if (ended_) break;
    const Unit unit{node.node, segment.item};
    const bool asked = std::find(segment.nodes.begin(), segment.nodes.end(), node.node) != segment.nodes.end();
    // Of an effect the start is recorded; a node of a pure segment has not begun as far as anybody knows.
    const NodeState expected = segment.effect ? NodeState::running : NodeState::pending;
    if (!asked || attempts(unit).state != expected) continue;
    take_result(std::move(node), unit, result, decision, now);
  }
  if (!ended_) schedule(decision, now);
  return decision;
}

void Execution::take_result(NodeResult&& result, Unit unit, const SegmentResult& segment, Decision& decision,
                            Timestamp now) {
  JournalEntry entry = entry_for(unit, EntryKind::completed);
  entry.attempt = segment.attempt;
  entry.started_at = result.started_at;
  entry.finished_at = result.finished_at;
  entry.worker = segment.worker;
  entry.logs = std::move(result.logs);
  if (result.item_count > 0) entry.item_count = result.item_count;
  entry.item_errors = std::move(result.item_errors);
  const int place = status_of(unit.node).stands_for;
  switch (result.outcome) {
    case Outcome::completed: {
      entry.has_output = true;
      entry.output = std::move(result.output);
      entry.routed_away = std::move(result.routed_away);
      const Payload output = place < 0 ? nullptr : std::make_shared<const std::string>(entry.output);
      record(std::move(entry), decision);
      if (place >= 0) settle_fallback(place, output, "", decision, now);
      if (unit.item >= 0) finish_iteration(unit.node, decision, now);
      break;
    }
    case Outcome::skipped:
      entry.kind = EntryKind::skipped;
      entry.started_at = entry.finished_at;  // it did not run
      record(std::move(entry), decision);
      if (place >= 0) settle_fallback(place, std::make_shared<const std::string>("null"), "", decision, now);
      break;
    case Outcome::waiting:
      entry.kind = EntryKind::waiting;
      entry.has_output = true;
      entry.output = std::move(result.output);
      entry.wake_at = now + result.wait;
      decision.timers.push_back({unit, entry.wake_at});
      record(std::move(entry), decision);
      break;
    case Outcome::expanded:
      if (unit.item >= 0) break;  // an item has no items
      entry.kind = EntryKind::expanded;
      entry.items = std::move(result.items);
      entry.items_at = std::move(result.items_at);
      if (entry.items_at.empty()) entry.item_count = static_cast<int>(entry.items.size());
      record(std::move(entry), decision);
      finish_iteration(unit.node, decision, now);
      break;
    case Outcome::asking:
      if (result.question)
        take_question(std::move(*result.question), unit, std::move(entry), segment.dispatch_id, decision, now);
      break;
    case Outcome::calling:
      if (result.call) take_call(std::move(*result.call), unit, std::move(entry), segment.dispatch_id, decision, now);
      break;
    case Outcome::failed:
      entry.kind = EntryKind::failed;
      take_failure(std::move(result), unit, std::move(entry), decision, now);
      break;
  }
}

void Execution::take_failure(NodeResult&& result, Unit unit, JournalEntry entry, Decision& decision, Timestamp now) {
  const Node& node = info(unit.node);
  entry.error = std::move(result.error);
  entry.error_code = std::move(result.error_code);
  const int tried = entry.attempt - attempts(unit).forgiven;
  if (tried < node.retry.max_attempts && (!result.permanent || node.retry.all_errors)) {
    const std::uint64_t seed = seed_of(std::int64_t{unit.node} * 1'000'003 + unit.item);
    const auto delay = retry_delay(node.retry, tried, result.retry_after, seed);
    entry.wake_at = now + std::max(delay, std::chrono::milliseconds(1));
    decision.timers.push_back({unit, entry.wake_at});
    record(std::move(entry), decision);
  } else if (node.retry.pause_when_exhausted) {
    entry.exhausted = true;
    const std::string reason = fmt::format("node '{}' failed and its retries are used up: {}", node.id, entry.error);
    record(std::move(entry), decision);
    if (!paused_)
      record({.kind = EntryKind::paused, .node_id = node.id, .finished_at = now, .error = reason}, decision);
  } else if (node.fallback_node >= 0 && result.fallback_input && unit.item < 0) {
    entry.fallback_input = std::move(*result.fallback_input);
    entry.recovery = result.recovery.value_or("");
    record(std::move(entry), decision);
  } else if (result.recovery && node.on_error != workflow::OnError::fail) {
    const int place = status_of(unit.node).stands_for;
    entry.recovered = true;
    entry.has_output = true;
    entry.output = std::move(*result.recovery);
    const Payload output = place < 0 ? nullptr : std::make_shared<const std::string>(entry.output);
    record(std::move(entry), decision);
    if (place >= 0) settle_fallback(place, output, "", decision, now);
    if (unit.item >= 0) finish_iteration(unit.node, decision, now);
  } else {
    give_up(unit, std::move(entry), decision, now);
  }
}

// Nothing recovers it.
void Execution::give_up(Unit unit, JournalEntry entry, Decision& decision, Timestamp now) {
  const int place = status_of(unit.node).stands_for;
  std::string error = entry.error;
  std::string error_code = entry.error_code;
  if (unit.item >= 0) {
    JournalEntry whole = entry_for({unit.node}, EntryKind::failed);
    whole.finished_at = now;
    whole.error = entry.error;
    whole.error_code = entry.error_code;
    record(std::move(entry), decision);
    // The others end with the node: those that run are dropped, the rest never begins.
    for (std::size_t i = 0; i < status_of(unit.node).iteration->items.size(); ++i)
      cancel_unit({unit.node, static_cast<int>(i)}, decision, now);
    record(std::move(whole), decision);
  } else {
    record(std::move(entry), decision);
  }
  if (place >= 0) {
    settle_fallback(place, nullptr, error, decision, now);
  } else {
    fail(unit.node, std::move(error), std::move(error_code), decision, now);
  }
}

// What on_error makes of a failure that no worker has looked at. Templates cannot be evaluated here.
void Execution::fill_recovery(NodeResult& failed, const Node& node) const {
  if (node.on_error == workflow::OnError::use_null) {
    failed.recovery = "null";
  } else if (node.on_error == workflow::OnError::use_fallback) {
    failed.recovery = node.fallback_constant;
    if (node.fallback_node < 0) return;
    std::string input = "{\"error\":";
    append_json_string(input, failed.error);
    input += ",\"node_id\":";
    append_json_string(input, node.id);
    input += ",\"input\":null}";
    failed.fallback_input = std::move(input);
  }
}

// Once the last item is there the node's output is the array of theirs.
void Execution::finish_iteration(int index, Decision& decision, Timestamp now) {
  const NodeStatus& node = status_of(index);
  const std::vector<Attempts>& items = node.iteration->items;
  if (node.iteration->done < static_cast<int>(items.size())) return;
  JournalEntry entry = entry_for({index}, EntryKind::completed);
  entry.finished_at = now;
  std::size_t bytes = 2;
  for (const Attempts& item : items) bytes += payload::bytes(*item.output) + 1;
  if (bytes > max_output_bytes_) {
    NodeResult failed{.node = index, .outcome = Outcome::failed, .permanent = true};
    failed.error = fmt::format("the outputs of the {} items have {} bytes together, over the limit of {}", items.size(),
                               bytes, payload::size_text(max_output_bytes_));
    failed.error_code = "OUTPUT_TOO_LARGE";
    fill_recovery(failed, info(index));
    entry.kind = EntryKind::failed;
    entry.error = failed.error;
    entry.error_code = failed.error_code;
    // Running the items again would not make them smaller.
    if (failed.recovery) {
      entry.recovered = entry.has_output = true;
      entry.output = *failed.recovery;
      record(std::move(entry), decision);
    } else {
      record(std::move(entry), decision);
      fail(index, std::move(failed.error), std::move(failed.error_code), decision, now);
    }
    return;
  }
  entry.has_output = true;
  payload::ArrayBuilder outputs;
  for (const Attempts& item : items) outputs.add(*item.output);
  entry.output = outputs.take();
  record(std::move(entry), decision);
}

// The fallback of `index` has ended: with `output`, or, when that is null, with `error`.
void Execution::settle_fallback(int index, const Payload& output, const std::string& error, Decision& decision,
                                Timestamp now) {
  const NodeStatus& node = status_of(index);
  if (node.state != NodeState::falling_back) return;
  JournalEntry entry = entry_for({index}, EntryKind::failed);
  entry.finished_at = now;
  entry.after_fallback = true;
  entry.error = node.error;
  entry.error_code = node.error_code;
  if (!output)
    entry.error +=
        fmt::format("; its fallback node '{}' failed as well: {}", info(info(index).fallback_node).id, error);
  if (const Payload used = output ? output : node.recovery) {
    entry.recovered = true;
    entry.has_output = true;
    entry.output = *used;
    record(std::move(entry), decision);
  } else {
    give_up({index}, std::move(entry), decision, now);
  }
}

// An attempt that is out comes to its end without its worker.
Decision Execution::fail_attempt(std::int64_t dispatch_id, std::string error, std::string code, bool permanent,
                                 Timestamp now) {
  Decision decision;
  const Dispatch dispatch = *find_dispatch(dispatch_id);
  std::erase_if(in_flight_, [&](const Dispatch& d) { return d.id == dispatch_id; });
  if (dispatch.effect) decision.stopped.push_back(dispatch_id);
  for (const int node : dispatch.nodes) {
    if (status_of(node).state == NodeState::in_segment) status_of(node).state = NodeState::pending;
  }
  NodeResult failed{.node = dispatch.nodes.front(),
                    .outcome = Outcome::failed,
                    .error = std::move(error),
                    .error_code = std::move(code),
                    .permanent = permanent,
                    .started_at = dispatch.now,
                    .finished_at = now};
  fill_recovery(failed, info(failed.node));
  take_result(std::move(failed), dispatch.unit(), {.dispatch_id = dispatch.id, .attempt = dispatch.attempt}, decision,
              now);
  if (!ended_) schedule(decision, now);
  return decision;
}

Decision Execution::replace_lost(std::int64_t dispatch_id, Timestamp now) {
  Decision decision;
  const Dispatch* found = find_dispatch(dispatch_id);
  if (ended_ || found == nullptr || !found->effect) return decision;
  const Unit unit = found->unit();
  const std::string failure = found->failure;
  if (info(unit.node).retry.fail_when_worker_lost && failure.empty())
    return fail_attempt(dispatch_id, "worker lost", "WORKER_LOST", true, now);
  std::erase_if(in_flight_, [&](const Dispatch& d) { return d.id == dispatch_id; });
  attempts(unit).attempt -= 1;  // the same attempt, not one more
  begin_attempt(unit, decision, now, failure);
  return decision;
}

}  // namespace r8r::engine
