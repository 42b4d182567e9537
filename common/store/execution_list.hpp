#pragma once
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/base/uuid.hpp"

namespace r8r::store {

class Pool;

/// One line of a list: an execution without its payloads.
struct ExecutionSummary {
  Uuid id;
  Uuid workflow_id;
  int workflow_version = 0;
  std::string workflow_name;
  std::string status;
  std::string trigger_type;
  std::string correlation_id;
  Timestamp started_at;  ///< the time of acceptance while nothing has started
  std::optional<Timestamp> finished_at;
  std::optional<std::string> error;
};

/// Where a page ends: the next one begins behind it.
struct ListPosition {
  Timestamp started_at;
  Uuid id;
};

/// Which executions; what is empty does not matter.
struct ListFilter {
  std::string workflow;
  std::vector<std::string> statuses;
  std::string trigger;  ///< `event` is also every `event:…`
  std::string correlation_id;
  std::string idempotency_key;
  std::optional<Timestamp> started_after;   ///< inclusive
  std::optional<Timestamp> started_before;  ///< inclusive
  std::string search;                       ///< text in input, output or error, in any case
};

/// Executions newest first by their start, live and ended ones together, the latest run of each.
class ExecutionList {
 public:
  explicit ExecutionList(Pool& pool) : pool_(pool) {}

  /// At most `limit` behind `after`, `offset` of them left out. Its cost depends on `limit`, `offset`, how many
  /// executions live and how rare the filter's matches are; not on `after`.
  boost::asio::awaitable<Result<std::vector<ExecutionSummary>>> page(ListFilter filter,
                                                                     std::optional<ListPosition> after, int limit,
                                                                     int offset = 0);
  /// How many there are; counts to `most` and no further.
  boost::asio::awaitable<Result<std::int64_t>> count(ListFilter filter, int most);

 private:
  Pool& pool_;
};

}  // namespace r8r::store
