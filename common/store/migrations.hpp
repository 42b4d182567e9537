#pragma once
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"

namespace r8r::store {

class Pool;

struct Migration {
  int number;
  const char* name;
  const char* sql;
};

/// The numbered SQL files of migrations/, compiled in, in order.
const std::vector<Migration>& embedded_migrations();

/// Brings the database to the newest schema, each migration in a transaction of its own, all under one advisory lock so
/// that services starting together do it once. Fixes the number of partitions when the database is new; afterwards
/// `partitions` is ignored. The answer is the number of partitions that the database has. A database that is newer than
/// this program is an error.
boost::asio::awaitable<Result<int>> migrate(Pool& pool, int partitions);

}  // namespace r8r::store
