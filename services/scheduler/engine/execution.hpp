#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.hpp"
#include "common/base/uuid.hpp"
#include "common/journal/journal_entry.hpp"
#include "common/workflow/workflow.hpp"

/// The pure heart of the scheduler: one execution as a deterministic state machine. It is told what happened and answers
/// with what to do; it does no I/O, reads no clock and no random source, and never looks into a payload. The shell around
/// it (services/scheduler) carries the decisions out.
///
///   start / on_result / on_timer / on_deadline ──► Decision ──► shell: commit entries, dispatch, publish
///
/// State changes only by journal entries: what a decision records is applied through the same function that replays a
/// journal after a crash, so a recovered execution stands where the lost one stood.
namespace r8r::engine {

/// Raw JSON, shared and never changed.
using Payload = std::shared_ptr<const std::string>;

enum class NodeState {
  pending,     ///< not begun
  in_segment,  ///< in a pure segment that is out with a worker; nothing of it is recorded
  running,     ///< an attempt of an effect node is out, and recorded
  retrying,    ///< failed, waits for its next attempt
  waiting,     ///< a wait node
  completed,
  skipped,
  recovered,  ///< failed, on_error put an output in place
  failed,
  cancelled,
};

enum class Outcome { completed, skipped, failed, waiting };

/// What a worker says of one node.
struct NodeResult {
  int node = 0;
  Outcome outcome = Outcome::completed;
  std::string output;
  std::string error;
  std::string error_code;
  bool permanent = false;
  std::optional<std::string> recovery;
  std::chrono::milliseconds retry_after{0};
  std::chrono::milliseconds wait{0};
  std::string logs;
  Timestamp started_at{};
  Timestamp finished_at{};
};

struct SegmentResult {
  std::int64_t dispatch_id = 0;
  int attempt = 1;
  std::string worker;
  std::vector<NodeResult> nodes;
  std::string error;  ///< the segment could not be run at all
};

/// One segment that is, or is to be, out with a worker. Sent again it is the same in every field, so that a second run of
/// a pure segment gives the same answer and a second delivery of an effect is known as one.
struct Dispatch {
  std::int64_t id = 0;
  std::vector<int> nodes;  ///< dependencies first
  int attempt = 1;
  bool effect = false;
  Timestamp now{};
  std::uint64_t seed = 0;
};

enum class EventKind { execution_started, node_started, node_completed, node_failed, execution_completed, execution_failed };

/// For monitors; sent after the commit of the decision that it belongs to.
struct Event {
  EventKind kind;
  std::int64_t seq = 0;  ///< per execution, from 1, without gaps
  int node = -1;
  int attempt = 1;
  std::string_view status;  ///< of node_completed
  std::string error;
  bool will_retry = false;
  std::chrono::milliseconds duration{0};
  Timestamp at{};
};

struct TimerChange {
  int node = 0;
  std::optional<Timestamp> fire_at;  ///< nullopt: cleared
};

struct End {
  std::string_view status;  ///< completed, failed
  Payload output;           ///< null: none
  std::string error;
  int error_node = -1;
};

/// What to do, in this order: send `run_now`; commit `entries`, `timers` and `end` together; after that commit send
/// `run_after_commit` and publish `events`.
struct Decision {
  std::vector<journal::JournalEntry> entries;
  std::vector<TimerChange> timers;
  std::vector<Dispatch> run_now;
  std::vector<Dispatch> run_after_commit;
  std::vector<Event> events;
  std::optional<End> end;
  bool superseded = false;  ///< a result that nobody waits for any more; changes nothing

  bool must_commit() const { return !entries.empty() || !timers.empty() || end.has_value(); }
};

/// Gives out dispatch ids: the incarnation's epoch above, a count below, so that no two dispatches ever share one. Each
/// scheduler incarnation has one, which outlives its executions.
class DispatchIds {
 public:
  explicit DispatchIds(std::int64_t epoch) : epoch_(epoch) {}
  std::int64_t epoch() const { return epoch_; }
  std::int64_t next() { return epoch_ << 32 | count_++; }

 private:
  std::int64_t epoch_;
  std::int64_t count_ = 0;
};

class Execution {
 public:
  Execution(std::shared_ptr<const workflow::Workflow> workflow, Uuid id, Timestamp accepted_at, DispatchIds& ids);

  /// The first decision of a new execution.
  Decision start(Timestamp now);

  /// Rebuilds the state from a journal. Then resume() says how to go on: effects that are recorded as running are sent
  /// again unchanged (the work queue drops a copy that it has), whatever was ready starts.
  void replay(const std::vector<journal::JournalEntry>& entries);
  Decision resume(Timestamp now);

  Decision on_result(SegmentResult result, Timestamp now);
  Decision on_timer(int node, Timestamp now);
  /// settings.timeout has passed.
  Decision on_deadline(Timestamp now);

  /// Segments out with workers.
  const std::vector<Dispatch>& in_flight() const { return in_flight_; }
  const Dispatch* find_dispatch(std::int64_t id) const;
  /// An effect whose task is known to be lost: a new dispatch of the same attempt, recorded before it leaves.
  Decision replace_lost(std::int64_t dispatch_id, Timestamp now);

  bool ended() const { return ended_; }
  NodeState state(int node) const { return nodes_[static_cast<std::size_t>(node)].state; }
  /// Output of a finished node; "null" for skipped ones.
  const Payload& output(int node) const { return nodes_[static_cast<std::size_t>(node)].output; }
  /// When each waiting or retrying node goes on.
  std::vector<TimerChange> timers() const;
  /// Nothing is out with a worker: only timers move this execution.
  bool only_waits() const { return in_flight_.empty() && !ended_; }

  const workflow::Workflow& workflow() const { return *workflow_; }
  const std::shared_ptr<const workflow::Workflow>& shared_workflow() const { return workflow_; }
  Timestamp started_at() const { return started_at_; }
  void set_started_at(Timestamp at) { started_at_ = at; }
  Timestamp deadline() const { return started_at_ + workflow_->settings.timeout; }

 private:
  struct NodeStatus {
    NodeState state = NodeState::pending;
    int attempt = 0;  ///< attempts begun
    std::int64_t dispatch_id = 0;
    Timestamp started_at{};
    Timestamp wake_at{};
    Payload output;
    Payload when_woken;  ///< waiting: the output it will have
  };

  bool done(int node) const;
  bool runs_pure(int node) const;
  bool runs_alone(int node) const;
  bool fuses(int dependency, int node, const std::vector<char>& chosen) const;
  void schedule(Decision& decision, Timestamp now);
  void schedule_effects(Decision& decision, Timestamp now);
  void schedule_segments(Decision& decision, Timestamp now);
  void begin_attempt(int node, Decision& decision, Timestamp now);
  void take_result(NodeResult&& result, const SegmentResult& segment, Decision& decision, Timestamp now);
  void take_failure(NodeResult&& result, journal::JournalEntry entry, Decision& decision, Timestamp now);
  void finish_if_done(Decision& decision, Timestamp now);
  void fail(int node, std::string error, Decision& decision, Timestamp now);
  void record(journal::JournalEntry entry, Decision& decision);
  void apply(const journal::JournalEntry& entry, std::vector<Event>* events);
  void emit(std::vector<Event>* events, Event event);
  std::uint64_t seed_of(std::int64_t dispatch_id) const;
  bool has_room() const;

  std::shared_ptr<const workflow::Workflow> workflow_;
  Uuid id_;
  DispatchIds* ids_;
  Timestamp started_at_;
  std::vector<NodeStatus> nodes_;
  std::vector<Dispatch> in_flight_;
  std::int64_t next_seq_ = 1;
  bool ended_ = false;
};

/// How long to wait after attempt `attempt` (from 1) failed. `seed` decides the jitter.
std::chrono::milliseconds retry_delay(const workflow::RetryPolicy& policy, int attempt, std::chrono::milliseconds retry_after,
                                      std::uint64_t seed);

}  // namespace r8r::engine
