#pragma once
#include <array>
#include <string_view>

namespace r8r::sim {

/// Mistakes that one could make, each of which the simulation must notice. They live in what stands behind the
/// scheduler's ports, so that the code that ships has no switch for them.
enum class Bug {
  none,
  no_fence,               ///< a progress transaction does not ask whether its incarnation still stands
  fence_seen_too_early,   ///< it asks in a snapshot from before it waited for the lock
  answer_before_commit,   ///< an end is told before it is committed
  effects_before_commit,  ///< tasks leave before the commit that they follow from
  living_owners_robbed,   ///< a claim takes partitions of an incarnation that is not fenced
  timers_not_written,     ///< a commit forgets its timers
  timers_not_cleared,     ///< an ended execution's timers stay
  second_ending,          ///< nothing stops a run from ending twice
  journal_overwritten,    ///< a journal row that exists is replaced
  journal_read_short,     ///< who takes over does not see the last journal row
  no_sweep,               ///< what no message brought is never looked for
  run_before_forgotten,   ///< a resumed execution does not keep what the run before completed
  results_without_token,  ///< a late result is taken for that of the attempt that is out now
  parked_stays,           ///< an execution that goes on is still taken for one that was set aside
  key_per_delivery,       ///< a delivery that comes again gets an idempotency key of its own
  deadline_not_written,   ///< what is parked, or waits for another, is not brought back when its time is over
  limits_forgotten,       ///< who takes over does not count what runs already
  children_forgotten,     ///< a parent is never told that its child has ended
  questions_stay_open,    ///< an end leaves open what was asked
};

struct Bugs {
  Bug bug = Bug::none;
  bool has(Bug which) const { return bug == which; }
};

struct NamedBug {
  Bug bug;
  std::string_view name;
};
inline constexpr std::array kBugs = {
    NamedBug{Bug::no_fence, "no_fence"},
    NamedBug{Bug::fence_seen_too_early, "fence_seen_too_early"},
    NamedBug{Bug::answer_before_commit, "answer_before_commit"},
    NamedBug{Bug::effects_before_commit, "effects_before_commit"},
    NamedBug{Bug::living_owners_robbed, "living_owners_robbed"},
    NamedBug{Bug::timers_not_written, "timers_not_written"},
    NamedBug{Bug::timers_not_cleared, "timers_not_cleared"},
    NamedBug{Bug::second_ending, "second_ending"},
    NamedBug{Bug::journal_overwritten, "journal_overwritten"},
    NamedBug{Bug::journal_read_short, "journal_read_short"},
    NamedBug{Bug::no_sweep, "no_sweep"},
    NamedBug{Bug::run_before_forgotten, "run_before_forgotten"},
    NamedBug{Bug::results_without_token, "results_without_token"},
    NamedBug{Bug::parked_stays, "parked_stays"},
    NamedBug{Bug::key_per_delivery, "key_per_delivery"},
    NamedBug{Bug::deadline_not_written, "deadline_not_written"},
    NamedBug{Bug::limits_forgotten, "limits_forgotten"},
    NamedBug{Bug::children_forgotten, "children_forgotten"},
    NamedBug{Bug::questions_stay_open, "questions_stay_open"},
};

}  // namespace r8r::sim
