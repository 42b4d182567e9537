#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/base/uuid.hpp"
#include "common/store/commit_queue.hpp"

namespace r8r::store {

struct TimerChange {
  std::string node_id;
  /// Set or moved to this time; nullopt: cleared.
  std::optional<Timestamp> fire_at;
};

struct Ending {
  std::string status;
  std::optional<std::string> output;  ///< raw
  std::optional<std::string> error;
  std::optional<std::string> error_node;
  std::string trace;  ///< raw array: the entries of this commit
  Timestamp started_at;
  Timestamp finished_at;
  bool has_dependents = false;  ///< workflows may wait for it: it is noted for them
};

/// An execution that begins with a commit of another one, its parent.
struct NewChild {
  Uuid id;  ///< a repeat of the same commit gives the same
  int partition = 0;
  std::string workflow_name;
  /// Which version; nothing: the current one of the workflow of that name, or no execution when that is not there or
  /// disabled.
  std::optional<Uuid> workflow_id;
  int workflow_version = 0;
  std::string trigger_type;
  /// raw JSON. With `has_parents_input` it is the beginning of an object, which ends with the parent's input as
  /// "original_input" and "input".
  std::string input;
  bool has_parents_input = false;
  bool awaited = false;  ///< the parent waits for its end
  std::optional<std::string> limit_key;
  Timestamp accepted_at;
};

/// A question to people.
struct NewApproval {
  Uuid id;
  std::string node_id;
  std::string title;
  std::string description;
  std::string input;  ///< raw JSON
  std::string default_action;
  std::string assignee;
  std::vector<std::string> groups;  ///< without line breaks
  Timestamp created_at;
  std::optional<Timestamp> expires_at;
};

struct ApprovalDecision {
  Uuid id;
  std::string status;  ///< approved, rejected
  std::string comment;
  std::string decided_by;
  Timestamp decided_at;
};

/// Everything that one commit changes of one execution.
struct ExecutionProgress {
  Uuid id;
  int run = 1;
  int partition = 0;
  /// A journal row, when `journal` is not empty: raw array of entries.
  int seq = 0;
  std::string journal;
  /// New status and start of the live row, when not empty.
  std::string status;
  std::optional<Timestamp> started_at;
  std::vector<TimerChange> timers;
  /// The end: the live row moves to history, all its timers go.
  std::optional<Ending> ending;
  bool has_timers = false;  ///< with `ending`: timer rows may exist
  std::vector<NewChild> children;
  std::vector<Uuid> children_let_go;  ///< children whose ends are not waited for any more
  std::vector<NewApproval> approvals;
  std::vector<ApprovalDecision> decisions;
  bool has_approvals = false;  ///< with `ending`: questions may be open; they expire
  /// From now on only durable timers, ends of other executions and people move it on; or not so any more.
  std::optional<bool> parked;
  bool has_children = false;  ///< with `ending`: there may be children that were waited for
};

enum class ProgressOutcome {
  committed,
  /// There is no such live execution and run (it has ended, by whatever hand): nothing was written.
  gone,
};

/// Group commit for the progress of the executions that one scheduler incarnation owns. Every transaction is sent whole
/// in one pipeline and proves first that the incarnation is not fenced: shared advisory lock on the incarnation, then,
/// as a statement of its own, assert_not_fenced.
class ProgressQueue {
 public:
  using Callback = std::function<void(Result<ProgressOutcome>)>;

  ProgressQueue(boost::asio::io_context& io, CommitOptions options, std::int64_t incarnation);
  ~ProgressQueue();

  /// Calls back on the io_context, once, in the order of submission. Errors: fenced (final: every later commit fails
  /// the same way), queue_full, storage_error (this item alone was refused), conflict_error (its journal row is there
  /// and says something else, or the execution has begun at another time: nothing of the item was written),
  /// service_unavailable (the database went away before the outcome was known: retrying an item is safe).
  void commit(ExecutionProgress progress, Callback callback);
  std::size_t pending() const;
  bool healthy() const;
  /// Batches committed and items in them, for metrics.
  std::uint64_t batches() const;
  std::uint64_t items() const;
  /// Until nothing is pending, or `limit`: true if nothing is.
  boost::asio::awaitable<bool> drain(std::chrono::milliseconds limit);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace r8r::store
