#include "services/scheduler/cron_plan.hpp"

#include <algorithm>

namespace r8r::scheduler {
namespace {

using std::chrono::microseconds;

constexpr auto kJump = std::chrono::minutes(1);
constexpr auto kBetweenTries = std::chrono::seconds(1);
constexpr int kMostAtOnce = 100;

}  // namespace

CronPlan::CronPlan(Timestamp up_since, Timestamp now, Steady steady)
    : up_since_(std::min(up_since, now)), all_since_(now), last_now_(now), last_steady_(steady) {}

void CronPlan::put(const Uuid& id, int version, std::vector<Trigger> triggers, Timestamp now) {
  WorkflowState& workflow = workflows_[id];
  std::vector<State> states;
  for (Trigger& trigger : triggers) {
    const auto known = std::find_if(workflow.triggers.begin(), workflow.triggers.end(),
                                    [&](const State& state) { return state.trigger.key == trigger.key; });
    State state{std::move(trigger)};
    if (known != workflow.triggers.end()) {
      state.trigger.after = known->trigger.after;
      state.newest_due = known->newest_due;
      state.retry = known->retry;
      state.retry_at = known->retry_at;
      state.missed = known->missed;
    }
    // Whoever wrote a time of the future had another clock.
    advance(state, std::min(state.trigger.after, now));
    states.push_back(std::move(state));
  }
  workflow.version = version;
  workflow.triggers = std::move(states);
  queue(id, workflow);
}

void CronPlan::remove(const Uuid& id) {
  const auto found = workflows_.find(id);
  if (found == workflows_.end()) return;
  if (found->second.wake) wakes_.erase({*found->second.wake, id});
  workflows_.erase(found);
}

int CronPlan::version_of(const Uuid& id) const {
  const auto found = workflows_.find(id);
  return found == workflows_.end() ? 0 : found->second.version;
}

std::vector<Uuid> CronPlan::workflows() const {
  std::vector<Uuid> ids;
  for (const auto& [id, workflow] : workflows_) ids.push_back(id);
  return ids;
}

std::size_t CronPlan::triggers() const {
  std::size_t count = 0;
  for (const auto& [id, workflow] : workflows_) count += workflow.triggers.size();
  return count;
}

std::optional<Timestamp> CronPlan::next() const {
  if (wakes_.empty()) return std::nullopt;
  return wakes_.begin()->first;
}

CronPlan::Decision CronPlan::due(Timestamp now, Steady steady) {
  notice_jump(now, steady);
  Decision decision;
  std::vector<Uuid> woken;
  for (auto it = wakes_.begin(); it != wakes_.end() && it->first <= now; ++it) woken.push_back(it->second);
  for (const Uuid& id : woken) {
    WorkflowState& workflow = workflows_.at(id);
    for (State& state : workflow.triggers) decide(id, workflow, state, now, decision);
    queue(id, workflow);
  }
  return decision;
}

void CronPlan::notice_jump(Timestamp now, Steady steady) {
  const auto by_wall = now - last_now_;
  const auto by_steady = std::chrono::duration_cast<microseconds>(steady - last_steady_);
  if (by_wall - by_steady > kJump) up_since_ = all_since_ = now;
  if (now < last_now_) {
    up_since_ = std::min(up_since_, now);
    all_since_ = std::min(all_since_, now);
    for (auto& [id, workflow] : workflows_) {
      for (State& state : workflow.triggers) {
        if (state.trigger.after > now) advance(state, now);
        if (state.retry && *state.retry > now) state.retry.reset();
        state.newest_due = std::min(state.newest_due, now);
        state.retry_at = std::min(state.retry_at, now + kBetweenTries);
      }
      queue(id, workflow);
    }
  }
  last_now_ = now;
  last_steady_ = steady;
}

void CronPlan::advance(State& state, Timestamp after) {
  state.trigger.after = after;
  state.next = state.trigger.schedule.next_after(after, *state.trigger.zone);
}

void CronPlan::decide(const Uuid& id, const WorkflowState& workflow, State& state, Timestamp now, Decision& decision) {
  const auto emit = [&](Timestamp time) {
    decision.due.push_back({id, workflow.version, state.trigger.place, state.trigger.key, time, state.missed});
    state.missed = 0;
    state.newest_due = std::max(state.newest_due, time);
  };
  const bool newer_is_due = state.next && *state.next <= now;
  if (state.retry && newer_is_due) {
    decision.missed.push_back({id, state.trigger.key, 1, *state.retry});
    state.missed += 1;
    state.retry.reset();
  }
  if (state.retry && state.retry_at <= now) emit(*std::exchange(state.retry, std::nullopt));
  if (!newer_is_due) return;
  if (*state.next < all_since_) {
    if (const std::optional<Timestamp> late = pass_over(state, id, now, decision)) emit(*late);
  }
  for (int count = 0; state.next && *state.next <= now && count < kMostAtOnce; ++count) {
    const Timestamp time = *state.next;
    emit(time);
    advance(state, time);
  }
}

// Goes on to `all_since`, counting what is left behind. The answer is the one of those times that fires all the same.
std::optional<Timestamp> CronPlan::pass_over(State& state, const Uuid& id, Timestamp now, Decision& decision) {
  const expr::TimeZone& zone = *state.trigger.zone;
  const Timestamp end = std::min(now, all_since_ - microseconds(1));
  const Timestamp newest = state.trigger.schedule.previous_at_or_before(end, zone).value_or(*state.next);
  std::int64_t passed = 1;
  for (Timestamp time = *state.next; time < newest && passed < kMostCounted; ++passed) {
    const auto following = state.trigger.schedule.next_after(time, zone);
    if (!following) break;
    time = *following;
  }
  advance(state, std::max(end, newest));
  const bool most_recent = !state.next || *state.next > now;
  const bool fires = state.trigger.catch_up || (newest >= up_since_ && most_recent);
  if (fires) --passed;
  if (passed > 0) {
    decision.missed.push_back({id, state.trigger.key, passed, newest});
    state.missed += passed;
  }
  return fires ? std::optional(newest) : std::nullopt;
}

std::optional<CronPlan::Missed> CronPlan::settle(const Due& due, bool recorded, Timestamp now) {
  const auto found = workflows_.find(due.workflow);
  if (recorded || found == workflows_.end()) return std::nullopt;
  std::optional<Missed> given_up;
  for (State& state : found->second.triggers) {
    if (state.trigger.key != due.key) continue;
    state.missed += due.missed;
    if (due.scheduled_at < state.newest_due) {
      state.missed += 1;
      given_up = Missed{due.workflow, due.key, 1, due.scheduled_at};
    } else {
      state.retry = due.scheduled_at;
      state.retry_at = now + kBetweenTries;
    }
  }
  queue(due.workflow, found->second);
  return given_up;
}

void CronPlan::queue(const Uuid& id, WorkflowState& workflow) {
  std::optional<Timestamp> wake;
  const auto sooner = [&](Timestamp time) { wake = wake ? std::min(*wake, time) : time; };
  for (const State& state : workflow.triggers) {
    if (state.next) sooner(*state.next);
    if (state.retry) sooner(state.retry_at);
  }
  if (workflow.wake) wakes_.erase({*workflow.wake, id});
  if (wake) wakes_.insert({*wake, id});
  workflow.wake = wake;
}

}  // namespace r8r::scheduler
