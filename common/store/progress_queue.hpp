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
  /// the same way), queue_full, storage_error (this item alone was refused), service_unavailable (the database went
  /// away before the outcome was known: retrying an item is safe, a journal row of the same seq that exists already
  /// counts as written by this very item).
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
