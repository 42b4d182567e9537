#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"

namespace r8r::store {

class Connection;
class Pool;

struct RetentionRules {
  int days = 30;  ///< 0: executions are kept for ever; a workflow may have a number of its own
  std::chrono::hours idempotency_ttl{24};
};

struct RetentionReport {
  /// Somebody else was at it, so nothing was done here.
  bool busy = false;
  std::vector<std::string> partitions;  ///< dropped
  /// Could not be dropped now, because somebody held the table for too long or its history is still there: next time.
  std::vector<std::string> postponed;
  std::int64_t carried_over = 0;  ///< rows of live executions, and of such that ended late
  std::int64_t rows = 0;          ///< deleted one by one
  std::int64_t idempotency_keys = 0;
};

/// Takes out of the database what is older than the rules say. Live executions keep everything, however old. A day
/// leaves as a whole, unless a workflow keeps some of it longer: then all else of it is deleted in small pages, as is
/// what a workflow keeps for a shorter time.
class Retention {
 public:
  explicit Retention(Pool& pool) : pool_(pool) {}

  /// One at a time in the whole system. What could not be done is tried again next time. Errors: those of the database.
  boost::asio::awaitable<Result<RetentionReport>> run(RetentionRules rules, Timestamp now);
  /// What run() would do: the partitions, counts of rows, nothing of what would be carried over.
  boost::asio::awaitable<Result<RetentionReport>> preview(RetentionRules rules, Timestamp now);

 private:
  boost::asio::awaitable<Result<void>> clean(Connection& connection, RetentionRules rules, Timestamp now,
                                             RetentionReport& report);
  boost::asio::awaitable<Result<void>> drop_partitions(Connection& connection, Timestamp until, Timestamp now,
                                                       RetentionReport& report);
  boost::asio::awaitable<Result<void>> delete_history(Connection& connection, Timestamp until, Timestamp now,
                                                      RetentionReport& report);
  boost::asio::awaitable<Result<void>> delete_keys(Connection& connection, Timestamp until, RetentionReport& report);

  Pool& pool_;
};

}  // namespace r8r::store
