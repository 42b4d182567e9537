#pragma once
#include <deque>

#include "common/base/payload.hpp"
#include "common/base/result.hpp"
#include "common/base/uuid.hpp"
#include "common/workflow/routing.hpp"
#include "common/workflow/workflow.hpp"
#include "services/scheduler/engine/decision.hpp"
#include "services/scheduler/engine/waits.hpp"

/// The pure heart of the scheduler: one execution as a deterministic state machine. It is told what happened and
/// answers with what to do; it does no I/O, reads no clock and no random source, and never looks into a payload. The
/// shell around it (services/scheduler) carries the decisions out.
///
///   start / on_result / on_timer / on_deadline ─┐
///   pause / unpause / cancel                    ├─► Decision ──► shell: commit entries, dispatch, publish
///
/// State changes only by journal entries: what a decision records is applied through the same function that replays a
/// journal after a crash, so a recovered execution stands where the lost one stood.
namespace r8r::engine {

enum class NodeState {
  pending,       ///< not begun
  in_segment,    ///< in a pure segment that is out with a worker; nothing of it is recorded
  running,       ///< an attempt of an effect is out, and recorded
  retrying,      ///< failed, waits for its next attempt
  waiting,       ///< a wait node
  calling,       ///< waits for the end of another execution
  asking,        ///< waits for a person to decide
  iterating,     ///< an effect with for_each whose items run
  falling_back,  ///< failed, and its fallback node runs in its place
  exhausted,     ///< failed, retries used up, waits for the execution to be resumed
  completed,
  skipped,
  recovered,  ///< failed, on_error put an output in place
  failed,
  cancelled,
};

/// Past a node's timeout the worker that runs it has this long to say so itself, and more exactly.
inline constexpr std::chrono::milliseconds kTimeoutGrace{900};

class Execution {
 public:
  Execution(std::shared_ptr<const workflow::Workflow> workflow, Uuid id, Timestamp accepted_at, DispatchIds& ids);

  /// The first decision of a new execution.
  Decision start(Timestamp now);
  /// The first decision of a later run of an execution that had ended: what completed before is kept, all else runs.
  /// `before`: the whole journal of the run before.
  Decision start_again(const std::vector<journal::JournalEntry>& before, Timestamp now);

  /// The first decision of a new execution that does not begin at its start: `kept` is recorded already, all else runs.
  Decision start_from(const std::vector<journal::JournalEntry>& kept, Timestamp now);

  /// Rebuilds the state from a journal. Then resume() says how to go on: effects that are recorded as running are sent
  /// again unchanged (the work queue drops a copy that it has), whatever was ready starts.
  void replay(const std::vector<journal::JournalEntry>& entries);
  Decision resume(Timestamp now);

  Decision on_result(SegmentResult result, Timestamp now);
  /// An execution that a node may be waiting for has ended.
  Decision on_child_ended(const Uuid& child, ChildEnd how, Timestamp now);
  /// Somebody has decided. Errors: conflict_error (nothing is asked under this id, or not any more).
  Result<Decision> decide(const Uuid& approval, Verdict verdict, Timestamp now);
  /// A wait or a retry delay is over, or an attempt has taken longer than its node's timeout.
  Decision on_timer(Unit unit, Timestamp now);
  /// deadline() has passed.
  Decision on_deadline(Timestamp now);

  /// What runs may finish, nothing new starts. Errors: invalid_state.
  Result<Decision> pause(std::string reason, Timestamp now);
  /// The way back; nodes whose retries were used up are tried afresh. Errors: invalid_state.
  Result<Decision> unpause(Timestamp now);
  /// Ends it where it is. Errors: invalid_state.
  Result<Decision> cancel(std::string reason, Timestamp now);

  /// Segments out with workers.
  const std::vector<Dispatch>& in_flight() const { return in_flight_; }
  const Dispatch* find_dispatch(std::int64_t id) const;
  /// An effect whose task is known to be lost: a new dispatch of the same attempt, recorded before it leaves; or, for a
  /// node that may run at most once, its failure.
  Decision replace_lost(std::int64_t dispatch_id, Timestamp now);

  bool ended() const { return ended_; }
  bool paused() const { return paused_; }
  /// running, paused or waiting_for_approval: what the live row says.
  std::string_view status() const { return paused_ ? "paused" : asking_ > 0 ? "waiting_for_approval" : "running"; }
  /// The output so far, raw, of the first node that asks; null when none does.
  Payload open_question() const;
  NodeState state(int node) const { return nodes_[static_cast<std::size_t>(node)].state; }
  NodeState state(Unit unit) const { return attempts(unit).state; }
  /// Output of a finished node; "null" for skipped ones.
  const Payload& output(int node) const { return nodes_[static_cast<std::size_t>(node)].output; }
  /// The item of a node that is iterating.
  const Payload& item(Unit unit) const;
  int item_count(int node) const;
  /// What a fallback node gets as its input; null for all others.
  Payload given_input(int node) const;
  /// The node whose place a fallback node takes now; -1 for all others.
  int in_place_of(int node) const { return status_of(node).stands_for; }
  /// The nodes that whoever runs this dispatch must know to be skipped by routing: dependencies outside of it, and
  /// nodes of it that a decision outside led away from.
  std::vector<int> routed_away(const Dispatch& dispatch) const;
  /// When each waiting or retrying unit goes on, and when each attempt that is out has taken too long.
  std::vector<TimerChange> timers() const;
  /// When on_timer() should be asked about a dispatch whose node has a timeout.
  std::optional<Timestamp> times_out_at(const Dispatch& dispatch) const;
  /// The executions whose ends nodes wait for.
  std::vector<Uuid> awaited_children() const;
  bool awaits_children() const { return calling_ > 0; }
  /// All that moves it on, in no order that matters; empty once it has ended. Costs the number of nodes and items.
  std::vector<Wait> waits() const;
  /// It would stay as it is for ever: never true between two calls, or the engine is wrong.
  bool waits_for_nothing() const;
  /// The latest time in its journal; when it was accepted or started, while that is empty.
  Timestamp last_progress() const { return last_progress_; }
  /// Nothing is out with a worker: only timers, people and other executions move this one.
  bool only_waits() const { return in_flight_.empty() && !ended_; }

  const workflow::Workflow& workflow() const { return *workflow_; }
  const std::shared_ptr<const workflow::Workflow>& shared_workflow() const { return workflow_; }
  Timestamp started_at() const { return started_at_; }
  void set_started_at(Timestamp at) { started_at_ = at; }
  /// What the output of a node may weigh. Workers hold single outputs to it; those of items are put together here.
  void set_max_output_bytes(std::size_t bytes) { max_output_bytes_ = bytes; }
  /// Time does not count now: it is paused, or people are asked.
  bool stands_still() const { return paused_ || asking_ > 0; }
  /// When settings.timeout will have passed, the time in which it stood still left out. Then it only moves away.
  Timestamp deadline() const { return started_at_ + workflow_->settings.timeout + stood_for_; }

 private:
  struct Attempts {
    NodeState state = NodeState::pending;
    int attempt = 0;   ///< attempts begun
    int forgiven = 0;  ///< of these, how many were before the retries began afresh
    std::int64_t dispatch_id = 0;
    Timestamp started_at{};
    Timestamp since{};  ///< retrying, waiting, calling, asking: when that began
    Timestamp wake_at{};
    Uuid child;  ///< calling
    Payload output;
    Payload failure;  ///< retrying: the error
  };
  /// The items of a node that is iterating.
  struct Iteration {
    std::vector<Payload> inputs;
    std::vector<Attempts> items;
    std::deque<int> again;  ///< ready for another attempt
    int next = 0;           ///< the first that has not begun
    int done = 0;
  };
  struct NodeStatus : Attempts {
    Payload when_woken;               ///< waiting: the output it will have; asking: the question
    Uuid approval;                    ///< asking
    bool approves_by_itself = false;  ///< asking: what happens when nobody decides in time
    std::unique_ptr<Iteration> iteration;
    // falling_back:
    Payload fallback_input;
    Payload recovery;  ///< null: none
    std::string error;
    std::string error_code;
    int stands_for = -1;  ///< a fallback node at work: whose place it takes
  };

  // schedule.cpp
  bool done(int node) const;
  bool ready(const workflow::Node& node) const;
  bool runs_pure(int node) const;
  bool runs_alone(int node) const;
  bool fuses(int dependency, int node, const std::vector<char>& chosen) const;
  void schedule(Decision& decision, Timestamp now);
  void skip_unreached(Decision& decision, Timestamp now);
  void assign_fallbacks();
  void schedule_effects(Decision& decision, Timestamp now);
  void schedule_items(int node, Decision& decision, Timestamp now);
  void schedule_segments(Decision& decision, Timestamp now);
  void begin_attempt(Unit unit, Decision& decision, Timestamp now, const std::string& failure = {});
  void finish_if_done(Decision& decision, Timestamp now);
  bool has_room() const;
  std::uint64_t seed_of(std::int64_t dispatch_id) const;

  // waits.cpp
  void add_wait(Unit unit, std::vector<Wait>& all) const;
  void add_ready(std::vector<Wait>& all) const;

  // results.cpp
  void take_result(NodeResult&& result, Unit unit, const SegmentResult& segment, Decision& decision, Timestamp now);
  void take_failure(NodeResult&& result, Unit unit, journal::JournalEntry entry, Decision& decision, Timestamp now);
  void give_up(Unit unit, journal::JournalEntry entry, Decision& decision, Timestamp now);
  void fill_recovery(NodeResult& failed, const workflow::Node& node) const;
  void finish_iteration(int node, Decision& decision, Timestamp now);
  void settle_fallback(int node, const Payload& output, const std::string& error, Decision& decision, Timestamp now);
  Decision fail_attempt(std::int64_t dispatch_id, std::string error, std::string code, bool permanent, Timestamp now);

  // children.cpp
  void take_call(ChildCall&& call, Unit unit, journal::JournalEntry entry, std::int64_t dispatch_id, Decision& decision,
                 Timestamp now);
  void take_child_failure(Unit unit, std::string error, std::string code, Decision& decision, Timestamp now);
  std::optional<Unit> caller_of(const Uuid& child) const;

  // approvals.cpp
  void take_question(Question&& question, Unit unit, journal::JournalEntry entry, std::int64_t dispatch_id,
                     Decision& decision, Timestamp now);
  void settle_question(int node, Verdict verdict, Decision& decision, Timestamp now);

  // control.cpp
  void fail(int node, std::string error, std::string error_code, Decision& decision, Timestamp now);
  void end_early(End end, Event event, Decision& decision, Timestamp now);
  void cancel_unit(Unit unit, Decision& decision, Timestamp now);

  // apply.cpp
  void record(journal::JournalEntry entry, Decision& decision);
  void apply(const journal::JournalEntry& entry, std::vector<Event>* events);
  void apply_to_execution(const journal::JournalEntry& entry, std::vector<Event>* events);
  void apply_to_unit(const journal::JournalEntry& entry, Unit unit, std::vector<Event>* events);
  void take_routes(const workflow::Node& node, const std::vector<std::string>& away);
  void emit(std::vector<Event>* events, Event event);

  const workflow::Node& info(int node) const { return workflow_->nodes[static_cast<std::size_t>(node)]; }
  NodeStatus& status_of(int node) { return nodes_[static_cast<std::size_t>(node)]; }
  const NodeStatus& status_of(int node) const { return nodes_[static_cast<std::size_t>(node)]; }
  Attempts& attempts(Unit unit) { return const_cast<Attempts&>(std::as_const(*this).attempts(unit)); }
  const Attempts& attempts(Unit unit) const;
  journal::JournalEntry entry_for(Unit unit, journal::EntryKind kind) const;

  std::shared_ptr<const workflow::Workflow> workflow_;
  Uuid id_;
  DispatchIds* ids_;
  Timestamp started_at_;
  std::vector<NodeStatus> nodes_;
  workflow::Routing routing_;
  std::vector<Dispatch> in_flight_;
  std::int64_t next_seq_ = 1;
  std::size_t max_output_bytes_ = payload::kDefaultMaxOutputBytes;
  int calling_ = 0;  ///< units that wait for the ends of children
  bool has_fallbacks_ = false;
  bool ended_ = false;
  bool paused_ = false;
  int asking_ = 0;  ///< nodes that wait for people
  Timestamp stands_since_{};
  Timestamp::duration stood_for_{0};
  Timestamp paused_at_{};
  std::string pause_reason_;
  Timestamp last_progress_;
};

/// How long to wait after attempt `attempt` (from 1) failed. `seed` decides the jitter.
std::chrono::milliseconds retry_delay(const workflow::RetryPolicy& policy, int attempt,
                                      std::chrono::milliseconds retry_after, std::uint64_t seed);

/// What of a journal a later run keeps: the entries with which nodes completed.
std::vector<journal::JournalEntry> kept_entries(const std::vector<journal::JournalEntry>& entries);

}  // namespace r8r::engine
