#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/base/uuid.hpp"

namespace r8r::store {

class Pool;

/// One execution as readers see it, live or ended (the latest run). Payloads are raw JSON text.
struct ExecutionRow {
  Uuid id;
  int run = 1;
  Uuid workflow_id;
  int workflow_version = 0;
  std::string workflow_name;
  std::string status;
  std::string trigger_type;
  std::string origin;
  std::string input;
  std::string webhook;  ///< raw or empty
  std::string event;    ///< raw or empty
  std::string correlation_id;
  std::optional<std::string> idempotency_key;
  std::optional<Uuid> replayed_from;
  Timestamp accepted_at;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
  std::optional<std::string> output;
  std::optional<std::string> error;
  std::optional<std::string> error_node;
  /// raw array: the journal entries of the last commit; empty while live
  std::string trace;
  bool live = false;
  std::optional<int> partition;             ///< while live, of find() and find_with_journal()
  std::optional<Uuid> parent_execution_id;  ///< the execution that started this one
};

/// A live execution with all that its journal holds, for a scheduler that takes it over.
struct LiveExecution {
  ExecutionRow row;
  int partition = 0;
  std::optional<int> parent_partition;   ///< set while the parent waits for the end of this one
  int depth = 0;                         ///< how many executions stand above it
  std::optional<std::string> limit_key;  ///< set when limits say when it may start
  bool parked = false;                   ///< its owner set it aside
  std::vector<std::string> journal;      ///< raw arrays of entries, in order of seq
};

struct DueTimer {
  Uuid execution_id;
  std::string node_id;
  int partition = 0;
  Timestamp fire_at;
};

/// In the order of timers.
struct TimerPosition {
  Timestamp fire_at{};
  Uuid execution_id;
};

/// Where an execution stands: what changes of a row while people look at it.
struct ExecutionState {
  int run = 1;
  std::string status;
  bool live = false;
};

/// A live execution that has started and counts towards a limit.
struct LimitedRun {
  Uuid id;
  int partition = 0;
  Uuid workflow_id;
  std::string key;
};

class Executions {
 public:
  explicit Executions(Pool& pool) : pool_(pool) {}

  boost::asio::awaitable<Result<std::optional<ExecutionRow>>> find(Uuid id);
  /// One that is not there yet: debounced webhook calls that wait for their start, as it would be now.
  boost::asio::awaitable<Result<std::optional<ExecutionRow>>> find_debounced(Uuid id);
  /// As find(), without payloads.
  boost::asio::awaitable<Result<std::optional<ExecutionState>>> state(Uuid id);
  /// The row and its journal's entries (raw arrays in order; those of row.trace not included).
  boost::asio::awaitable<Result<std::optional<std::pair<ExecutionRow, std::vector<std::string>>>>> find_with_journal(
      Uuid id);
  /// Those of `ids` that have ended.
  boost::asio::awaitable<Result<std::vector<ExecutionRow>>> ended(std::vector<Uuid> ids);

  /// Those of `ids` that are live.
  boost::asio::awaitable<Result<std::vector<LiveExecution>>> load_live(std::vector<Uuid> ids);
  /// Ids of live executions of these partitions that are not parked, accepted before `before`, id > `after`, by id: for
  /// the sweep, and for who takes partitions over.
  boost::asio::awaitable<Result<std::vector<std::pair<Uuid, int>>>> live_ids(std::vector<int> partitions,
                                                                             Timestamp before, Uuid after, int limit);
  /// Timers of these partitions that fire until `before`, after `after`, in order.
  boost::asio::awaitable<Result<std::vector<DueTimer>>> timers_before(std::vector<int> partitions, Timestamp before,
                                                                      TimerPosition after, int limit);
  /// Those of these partitions that have started and that limits count.
  boost::asio::awaitable<Result<std::vector<LimitedRun>>> limited_runs(std::vector<int> partitions);
  /// When executions with this key started since `since`, at most `limit`, the newest first.
  boost::asio::awaitable<Result<std::vector<Timestamp>>> starts_since(Uuid workflow_id, std::string key,
                                                                      Timestamp since, int limit);
  /// The workflow input of one live execution, raw.
  boost::asio::awaitable<Result<std::optional<std::string>>> input(Uuid id);
  /// Journal of one live execution (raw arrays in order).
  boost::asio::awaitable<Result<std::vector<std::string>>> journal(Uuid id);

  /// Everything that a run recorded, raw arrays in order: its journal, and the trace with which it ended.
  boost::asio::awaitable<Result<std::vector<std::string>>> whole_journal(Uuid id, int run);
  /// Brings an execution that failed or was cancelled back to life as its next run, pending. False when there is no
  /// such execution, it lives, or it ended in another way.
  boost::asio::awaitable<Result<bool>> begin_again(Uuid id, int partition);

  /// How many live executions no scheduler has begun; counts to `most` and no further.
  boost::asio::awaitable<Result<std::int64_t>> count_pending(std::int64_t most);

  /// Today's and the coming days' partitions of history and journal.
  boost::asio::awaitable<Result<void>> ensure_day_partitions(int days_ahead);

 private:
  Pool& pool_;
};

}  // namespace r8r::store
