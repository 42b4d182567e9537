// What an execution waits for: read from its state, for people and for the watchdog.
#include "services/scheduler/engine/waits.hpp"

#include "services/scheduler/engine/execution.hpp"

namespace r8r::engine {

std::vector<Wait> Execution::waits() const {
  std::vector<Wait> all;
  if (ended_) return all;
  if (paused_) all.push_back({.kind = WaitKind::paused, .since = paused_at_, .why = pause_reason_});
  for (const Dispatch& dispatch : in_flight_) {
    all.push_back({.kind = WaitKind::task,
                   .unit = dispatch.unit(),
                   .attempt = dispatch.attempt,
                   .since = dispatch.now,
                   .until = times_out_at(dispatch),
                   .dispatch_id = dispatch.id});
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const int node = static_cast<int>(i);
    add_wait({node}, all);
    if (!nodes_[i].iteration) continue;
    for (std::size_t item = 0; item < nodes_[i].iteration->items.size(); ++item)
      add_wait({node, static_cast<int>(item)}, all);
  }
  if (!paused_ && !has_room()) add_ready(all);
  return all;
}

void Execution::add_wait(Unit unit, std::vector<Wait>& all) const {
  const Attempts& own = attempts(unit);
  if (own.state == NodeState::calling || own.state == NodeState::asking) {
    const bool child = own.state == NodeState::calling;
    all.push_back({.kind = child ? WaitKind::child : WaitKind::approval,
                   .unit = unit,
                   .attempt = own.attempt,
                   .since = own.since,
                   .until = own.wake_at == Timestamp{} ? std::nullopt : std::optional(own.wake_at),
                   .why = child ? own.child.to_string() : std::string()});
    return;
  }
  if (own.state != NodeState::retrying && own.state != NodeState::waiting) return;
  const bool retry = own.state == NodeState::retrying;
  all.push_back({.kind = retry ? WaitKind::retry : WaitKind::timer,
                 .unit = unit,
                 .attempt = own.attempt,
                 .since = own.since,
                 .until = own.wake_at,
                 .why = retry && own.failure ? *own.failure : std::string()});
}

// Nodes whose dependencies are done and that only want room.
void Execution::add_ready(std::vector<Wait>& all) const {
  for (const int index : workflow_->order) {
    const NodeStatus& status = status_of(index);
    const bool due = info(index).only_fallback ? status.stands_for >= 0 : ready(info(index));
    const bool items_left =
        status.iteration &&
        (!status.iteration->again.empty() || status.iteration->next < static_cast<int>(status.iteration->items.size()));
    if (status.state == NodeState::pending ? due : status.state == NodeState::iterating && items_left)
      all.push_back({.kind = WaitKind::concurrency, .unit = {index}, .attempt = status.attempt + 1});
  }
}

bool Execution::waits_for_nothing() const {
  return !ended_ && !paused_ && in_flight_.empty() && waits().empty();
}

}  // namespace r8r::engine
