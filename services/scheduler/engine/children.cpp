// Nodes that start other executions and wait for their ends.
#include <fmt/format.h>

#include <algorithm>

#include "services/scheduler/engine/execution.hpp"

namespace r8r::engine {

using journal::EntryKind;
using journal::JournalEntry;
using workflow::Node;

namespace {

constexpr std::string_view kChildFailed = "SUBWORKFLOW_ERROR";

}  // namespace

// The child's id follows from the dispatch that asked for it, whose result is taken once.
void Execution::take_call(ChildCall&& call, Unit unit, JournalEntry entry, std::int64_t dispatch_id, Decision& decision,
                          Timestamp now) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  const Uuid child = Uuid::derived(ms, fmt::format("{} {}", id_.to_string(), dispatch_id));
  entry.child_id = child.to_string();
  if (call.awaited) {
    entry.kind = EntryKind::called;
    entry.finished_at = now;
    if (call.timeout.count() > 0) {
      entry.wake_at = now + call.timeout;
      decision.timers.push_back({unit, entry.wake_at});
    }
    record(std::move(entry), decision);
    decision.children.push_back({child, std::move(call)});
    return;
  }
  const int place = status_of(unit.node).stands_for;
  entry.has_output = true;
  entry.output = fmt::format(R"({{"execution_id":"{}"}})", entry.child_id);
  const Payload output = std::make_shared<const std::string>(entry.output);
  record(std::move(entry), decision);
  decision.children.push_back({child, std::move(call)});
  if (place >= 0) settle_fallback(place, output, "", decision, now);
  if (unit.item >= 0) finish_iteration(unit.node, decision, now);
}

std::optional<Unit> Execution::caller_of(const Uuid& child) const {
  for (std::size_t i = 0; i < nodes_.size() && calling_ > 0; ++i) {
    const int node = static_cast<int>(i);
    if (nodes_[i].state == NodeState::calling && nodes_[i].child == child) return Unit{node};
    if (!nodes_[i].iteration) continue;
    const std::vector<Attempts>& items = nodes_[i].iteration->items;
    const auto found = std::find_if(items.begin(), items.end(), [&](const Attempts& item) {
      return item.state == NodeState::calling && item.child == child;
    });
    if (found != items.end()) return Unit{node, static_cast<int>(found - items.begin())};
  }
  return std::nullopt;
}

std::vector<Uuid> Execution::awaited_children() const {
  std::vector<Uuid> all;
  for (std::size_t i = 0; i < nodes_.size() && calling_ > 0; ++i) {
    if (nodes_[i].state == NodeState::calling) all.push_back(nodes_[i].child);
    if (!nodes_[i].iteration) continue;
    for (const Attempts& item : nodes_[i].iteration->items) {
      if (item.state == NodeState::calling) all.push_back(item.child);
    }
  }
  return all;
}

Decision Execution::on_child_ended(const Uuid& child, ChildEnd how, Timestamp now) {
  Decision decision;
  const std::optional<Unit> unit = ended_ ? std::nullopt : caller_of(child);
  if (!unit) {
    decision.superseded = true;
    return decision;
  }
  decision.let_go.push_back(child);
  if (attempts(*unit).wake_at != Timestamp{}) decision.timers.push_back({*unit, std::nullopt});
  if (how.status == "completed") {
    const int place = status_of(unit->node).stands_for;
    JournalEntry entry = entry_for(*unit, EntryKind::completed);
    entry.finished_at = now;
    entry.has_output = true;
    entry.output = std::move(how.output);
    const Payload output = place < 0 ? nullptr : std::make_shared<const std::string>(entry.output);
    record(std::move(entry), decision);
    if (place >= 0) settle_fallback(place, output, "", decision, now);
    if (unit->item >= 0) finish_iteration(unit->node, decision, now);
  } else {
    // What a sub-workflow failed with is what the node fails with; why somebody cancelled it is not.
    std::string error = std::move(how.error);
    if (how.status != "failed" || error.empty())
      error = fmt::format("the sub-workflow was {}{}{}", how.status, error.empty() ? "" : ": ", error);
    take_child_failure(*unit, std::move(error), std::string(kChildFailed), decision, now);
  }
  if (!ended_) schedule(decision, now);
  return decision;
}

// What on_error makes of it may need the values of templates, which only a worker can give.
void Execution::take_child_failure(Unit unit, std::string error, std::string code, Decision& decision, Timestamp now) {
  const Node& node = info(unit.node);
  if (node.on_error == workflow::OnError::use_fallback && (node.fallback_node >= 0 || !node.fallback_constant)) {
    attempts(unit).attempt -= 1;  // the same attempt, not one more
    begin_attempt(unit, decision, now, error);
    return;
  }
  const Attempts& own = attempts(unit);
  NodeResult failed{.node = unit.node,
                    .outcome = Outcome::failed,
                    .error = std::move(error),
                    .error_code = std::move(code),
                    .started_at = own.started_at,
                    .finished_at = now};
  fill_recovery(failed, node);
  const int attempt = own.attempt;
  take_result(std::move(failed), unit, {.attempt = attempt}, decision, now);
}

}  // namespace r8r::engine
