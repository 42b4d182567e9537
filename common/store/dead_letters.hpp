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

/// A failed execution, and what became of it.
struct DeadLetter {
  Uuid id;
  Uuid execution_id;
  int run = 1;  ///< the one that failed last
  Uuid workflow_id;
  std::string workflow_name;
  std::string trigger_type;
  std::string input;  ///< raw
  std::string error;
  std::optional<std::string> failed_node_id;
  int retry_count = 0;
  std::string status;  ///< pending, scheduled, resolved, discarded, acknowledged
  Timestamp created_at;
  Timestamp updated_at;
};

/// Which of them; what is empty does not matter.
struct DeadLetterFilter {
  std::string status;
  std::string workflow;
  std::string error;  ///< text in the error, in any case
  std::optional<Timestamp> since;
};

struct DeadLetterPosition {
  Timestamp created_at;
  Uuid id;
};

struct DeadLetterStats {
  std::int64_t pending = 0;
  std::int64_t scheduled = 0;
  std::int64_t resolved = 0;
  std::int64_t discarded = 0;
  std::int64_t acknowledged = 0;
};

/// Entries are made, and resolved, by the transactions that end executions (ProgressQueue), and scheduled by those that
/// begin them again (Executions::begin_again).
class DeadLetters {
 public:
  explicit DeadLetters(Pool& pool) : pool_(pool) {}

  /// Newest first, at most `limit` behind `after`.
  boost::asio::awaitable<Result<std::vector<DeadLetter>>> page(DeadLetterFilter filter,
                                                               std::optional<DeadLetterPosition> after, int limit);
  /// By its own id or that of its execution.
  boost::asio::awaitable<Result<std::optional<DeadLetter>>> find(Uuid id);
  boost::asio::awaitable<Result<DeadLetterStats>> stats();
  /// Takes it for a retry: it is scheduled from now on. Of several who saw it with this `retry_count` one is told true.
  boost::asio::awaitable<Result<bool>> claim(Uuid id, int retry_count);
  /// The retry did not come about: it is as it was before the claim. Nothing, when its execution lives.
  boost::asio::awaitable<Result<void>> give_back(Uuid id, int retry_count);
  /// Nobody wants it. False when it is not pending any more.
  boost::asio::awaitable<Result<bool>> discard(Uuid id);

 private:
  Pool& pool_;
};

}  // namespace r8r::store
