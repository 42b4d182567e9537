#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.hpp"
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

enum class Outcome { completed, skipped, failed, waiting, expanded };

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

struct End {
  std::string_view status;  ///< completed, failed, cancelled
  Payload output;           ///< null: none
  std::string error;
  int error_node = -1;
};

/// What to do, in this order: send `run_now`; commit `entries`, `timers` and `end` together; after that commit send
/// `run_after_commit`, tell workers to drop `stopped`, and publish `events`.
struct Decision {
  std::vector<journal::JournalEntry> entries;
  std::vector<TimerChange> timers;
  std::vector<Dispatch> run_now;
  std::vector<Dispatch> run_after_commit;
  std::vector<std::int64_t> stopped;  ///< dispatches that nobody waits for any more
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
