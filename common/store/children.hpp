#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"
#include "common/base/uuid.hpp"

namespace r8r::store {

class Pool;

/// How an execution that another one waits for has ended.
struct ChildEnding {
  Uuid id;
  std::string status;
  std::optional<std::string> output;  ///< raw
  std::optional<std::string> error;
};

/// What is written about executions that others started; what writes it are the commits of those (progress_queue.hpp).
class Children {
 public:
  explicit Children(Pool& pool) : pool_(pool) {}

  /// Those of `ids` that have ended, with their first end: a later run is nobody's child any more.
  boost::asio::awaitable<Result<std::vector<ChildEnding>>> ended(std::vector<Uuid> ids);
  /// Those of `ids` that live, with their partitions.
  boost::asio::awaitable<Result<std::vector<std::pair<Uuid, int>>>> living(std::vector<Uuid> ids);
  /// Those of `ids` whose starters wait for them no more, although they were started to be waited for.
  boost::asio::awaitable<Result<std::vector<Uuid>>> abandoned(std::vector<Uuid> ids);

  /// In these partitions: executions that wait for one that has ended, and ones that are abandoned. Neither should
  /// last: their owners missed a message.
  boost::asio::awaitable<Result<std::vector<std::pair<Uuid, int>>>> overlooked(std::vector<int> partitions, int limit);

 private:
  Pool& pool_;
};

}  // namespace r8r::store
