#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/time.hpp"
#include "common/base/uuid.hpp"
#include "common/cron/schedule.hpp"

namespace r8r::scheduler {

/// Which times of which cron triggers fire now. Pure: it is told the time and says what is due; whoever carries that
/// out says what became of it.
///
///  - A time since `all_since` fires, however late: this scheduler was there for it, or took the workflow over from one
///    that was.
///  - Of the times before that, since `up_since` (the process ran, but could not act: the database was away), the most
///    recent one fires, unless a newer one is due.
///  - A time before `up_since` was missed: no scheduler ran. With catch_up the most recent of them fires.
///  - What could not be recorded is tried again until a newer time is due.
///  - A jump of the clock forward by more than a minute counts as if nothing had run meanwhile. After a jump backward
///    the same times become due once more: their keys in the database keep them from firing twice.
class CronPlan {
 public:
  using Steady = std::chrono::steady_clock::time_point;

  struct Trigger {
    std::size_t place = 0;  ///< in Workflow::triggers
    std::string key;        ///< workflow::cron_triggers
    cron::Schedule schedule;
    std::shared_ptr<const expr::TimeZone> zone;
    bool catch_up = false;
    /// Times until here are settled, or were before the workflow was as it is. Not looked at when a trigger of the same
    /// key is there already.
    Timestamp after;
  };
  struct Due {
    Uuid workflow;
    int version = 0;
    std::size_t place = 0;
    std::string key;
    Timestamp scheduled_at;
    std::int64_t missed = 0;  ///< of this trigger, not recorded yet
  };
  struct Missed {
    Uuid workflow;
    std::string key;
    std::int64_t count = 0;  ///< at most kMostCounted for one outage
    Timestamp newest;
  };
  struct Decision {
    std::vector<Due> due;
    std::vector<Missed> missed;
  };
  static constexpr std::int64_t kMostCounted = 1'000;

  CronPlan(Timestamp up_since, Timestamp now, Steady steady);

  /// A workflow as it is now. Triggers whose keys stay go on where they were.
  void put(const Uuid& workflow, int version, std::vector<Trigger> triggers, Timestamp now);
  void remove(const Uuid& workflow);
  bool contains(const Uuid& workflow) const { return workflows_.contains(workflow); }
  /// The version that was put, or 0.
  int version_of(const Uuid& workflow) const;
  std::vector<Uuid> workflows() const;

  /// At most a hundred times of one trigger; what is left is due at once. `steady` advances with `now` unless the clock
  /// jumps.
  Decision due(Timestamp now, Steady steady);
  /// What became of something due. Not recorded: it is due again in a second; or it is given up, which is the answer,
  /// when a newer time of the trigger was due meanwhile.
  std::optional<Missed> settle(const Due& due, bool recorded, Timestamp now);
  /// When something is due next.
  std::optional<Timestamp> next() const;
  std::size_t triggers() const;

 private:
  struct State {
    Trigger trigger;
    std::optional<Timestamp> next;   ///< the first time behind trigger.after
    Timestamp newest_due;            ///< of those that were due so far
    std::optional<Timestamp> retry;  ///< a time that could not be recorded
    Timestamp retry_at;
    std::int64_t missed = 0;
  };
  struct WorkflowState {
    int version = 0;
    std::vector<State> triggers;
    std::optional<Timestamp> wake;  ///< its place in wakes_
  };

  void notice_jump(Timestamp now, Steady steady);
  void advance(State& state, Timestamp after);
  void decide(const Uuid& id, const WorkflowState& workflow, State& state, Timestamp now, Decision& decision);
  std::optional<Timestamp> pass_over(State& state, const Uuid& id, Timestamp now, Decision& decision);
  void queue(const Uuid& id, WorkflowState& workflow);

  Timestamp up_since_;
  Timestamp all_since_;
  Timestamp last_now_;
  Steady last_steady_;
  std::map<Uuid, WorkflowState> workflows_;
  std::set<std::pair<Timestamp, Uuid>> wakes_;
};

}  // namespace r8r::scheduler
