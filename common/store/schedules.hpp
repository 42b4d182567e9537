#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/base/uuid.hpp"

namespace r8r::store {

class Pool;

/// A time of a cron trigger that is due: the execution that starts, or why none does.
struct Firing {
  Uuid workflow_id;
  int workflow_version = 0;
  std::string workflow_name;
  std::string trigger;  ///< as workflow::cron_triggers names it
  Timestamp scheduled_at;
  std::int64_t missed = 0;  ///< times that passed unrecorded since the one recorded last
  Uuid execution_id;
  int partition = 0;  ///< of the execution
  std::string input;  ///< raw JSON
  std::string error;  ///< not empty: no execution, the firing is recorded as failed
  Timestamp accepted_at;
  std::optional<std::string> limit_key;  ///< set when limits of the workflow say when it may start
};

enum class FiringOutcome {
  recorded,
  /// Somebody else recorded this time: nothing was written.
  known,
  /// The workflow is disabled, or has another version now: nothing was written.
  outdated,
};

/// What a cron trigger has done so far.
struct ScheduleRow {
  Uuid workflow_id;
  std::string trigger;
  Timestamp last_scheduled_at;
  Timestamp last_fired_at;
  std::optional<Uuid> last_execution_id;
  std::optional<std::string> last_error;
  std::int64_t fired = 0;
  std::int64_t failed = 0;
  std::int64_t missed = 0;
};

class Schedules {
 public:
  explicit Schedules(Pool& pool) : pool_(pool) {}

  /// Records firings, each together with its execution, in one transaction; the outcomes in the same order. A time
  /// whose key exists starts nothing. Errors: fenced (the incarnation may not act any more), and those of the database:
  /// nothing is known then, asking again is safe.
  boost::asio::awaitable<Result<std::vector<FiringOutcome>>> fire(std::int64_t incarnation,
                                                                  std::vector<Firing> firings);
  /// The rows of these workflows' triggers.
  boost::asio::awaitable<Result<std::vector<ScheduleRow>>> of(std::vector<Uuid> workflows);
  /// Drops the keys of firings of days ago, and what belongs to workflows that are gone. A scheduler that was away for
  /// so long is fenced and fires nothing.
  boost::asio::awaitable<Result<void>> forget_old();

 private:
  Pool& pool_;
};

}  // namespace r8r::store
