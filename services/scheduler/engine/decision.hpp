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

/// What the engine is told and what it answers: the words between it and the shell around it.
namespace r8r::engine {

/// Raw JSON, or a reference to a stored payload (common/base/payload.hpp); shared and never changed.
using Payload = std::shared_ptr<const std::string>;

/// What is attempted and timed: a node, or one item of a node with for_each.
struct Unit {
  int node = 0;
  int item = -1;  ///< -1: the node as a whole
  bool operator==(const Unit&) const = default;
};

enum class Outcome { completed, skipped, failed, waiting, expanded, calling, asking };

/// An execution that a node wants to begin.
struct ChildCall {
  Uuid workflow_id;
  int version = 0;
  std::string workflow;
  std::string input;  ///< raw
  bool awaited = true;
  std::chrono::milliseconds timeout{0};  ///< how long its end is waited for; 0: as long as it takes
  bool limited = false;                  ///< limits say when it may start
  std::string limit_key;
  std::string limit_group;
};

/// What a node asks people.
struct Question {
  std::string title;
  std::string description;
  std::string assignee;
  std::vector<std::string> groups;
  std::string default_action;            ///< approve, reject; empty: none
  std::chrono::milliseconds timeout{0};  ///< until the default action; 0: none
  std::string input;                     ///< raw: what it is about
};

/// What somebody decided.
struct Verdict {
  bool approved = false;
  std::string comment;
  std::string decided_by;
};

/// What a worker says of one node.
struct NodeResult {
  int node = 0;
  Outcome outcome = Outcome::completed;
  std::string output;
  std::string error;
  std::string error_code;
  bool permanent = false;
  std::optional<std::string> recovery;
  std::optional<std::string> fallback_input;
  std::chrono::milliseconds retry_after{0};
  std::chrono::milliseconds wait{0};
  std::string logs;
  std::vector<std::string> routed_away;  ///< completed: ids of the nodes that its decision leads away from
  int item_count = 0;                    ///< with for_each
  std::vector<std::string> items;        ///< expanded: raw
  std::string items_at;                  ///< or where they are
  std::vector<journal::ItemError> item_errors;
  std::optional<ChildCall> call;     ///< calling
  std::optional<Question> question;  ///< asking
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

/// One segment that is, or is to be, out with a worker. Sent again it is the same in every field, so that a second run
/// of a pure segment gives the same answer and a second delivery of an effect is known as one.
struct Dispatch {
  std::int64_t id = 0;
  std::vector<int> nodes;  ///< dependencies first
  int item = -1;           ///< of its only node
  int attempt = 1;
  bool effect = false;
  Timestamp now{};
  std::uint64_t seed = 0;
  /// Not empty: the attempt has failed with this already; what follows from it by on_error is to be worked out.
  std::string failure = {};

  Unit unit() const { return {nodes.front(), item}; }
};

enum class EventKind {
  execution_started,
  node_started,
  node_completed,
  node_failed,
  execution_completed,
  execution_failed,
  execution_paused,
  execution_resumed,
  execution_cancelled,
};

/// For monitors; sent after the commit of the decision that it belongs to.
struct Event {
  EventKind kind;
  std::int64_t seq = 0;  ///< per execution, from 1, without gaps
  int node = -1;
  int item = -1;
  int attempt = 1;
  std::string_view status;  ///< of node_completed
  std::string error;        ///< or the reason of a pause or a cancellation
  bool will_retry = false;
  std::chrono::milliseconds duration{0};
  Timestamp at{};
};

struct TimerChange {
  Unit unit;
  std::optional<Timestamp> fire_at;  ///< nullopt: cleared
};

/// An execution that begins with the commit of the decision.
struct ChildStart {
  Uuid id;
  ChildCall call;
};

/// A question that is asked, or has been decided, with the commit of the decision.
struct ApprovalChange {
  Uuid id;
  int node = 0;
  std::optional<Question> asked;
  std::optional<Timestamp> expires_at;  ///< asked
  std::optional<Verdict> decided;
  Timestamp at{};
};

/// How an execution that a node waits for has ended.
struct ChildEnd {
  std::string_view status;  ///< completed, failed, cancelled
  std::string output;       ///< raw; completed
  std::string error;
};

struct End {
  std::string_view status;  ///< completed, failed, cancelled
  Payload output;           ///< null: none
  std::string error;
  std::string error_code;
  int error_node = -1;
};

/// What to do, in this order: send `run_now`; commit `entries`, `timers`, `children`, `let_go`, `approvals` and `end`
/// together; after that commit send `run_after_commit`, tell workers to drop `stopped`, stop the `abandoned` children,
/// and publish `events`.
struct Decision {
  std::vector<journal::JournalEntry> entries;
  std::vector<TimerChange> timers;
  std::vector<Dispatch> run_now;
  std::vector<Dispatch> run_after_commit;
  std::vector<std::int64_t> stopped;  ///< dispatches that nobody waits for any more
  std::vector<ChildStart> children;
  std::vector<Uuid> let_go;     ///< children whose ends are not waited for any more
  std::vector<Uuid> abandoned;  ///< of these, the ones that have not ended; with `end`, all that were waited for
  std::vector<ApprovalChange> approvals;
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

}  // namespace r8r::engine
