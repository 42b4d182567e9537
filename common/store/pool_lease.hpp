#pragma once
#include <memory>
#include <utility>

#include "common/store/connection.hpp"
#include "common/store/pool.hpp"

namespace r8r::store {

/// A connection on loan; it goes back when this goes out of scope.
class Pool::Lease {
 public:
  Lease(std::shared_ptr<Impl> pool, std::unique_ptr<Connection> connection)
      : pool_(std::move(pool)), connection_(std::move(connection)) {}
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  Connection* operator->() const { return connection_.get(); }
  Connection& operator*() const { return *connection_; }

 private:
  std::shared_ptr<Impl> pool_;
  std::unique_ptr<Connection> connection_;
};

/// Runs these statements on a connection of the pool, within the pool's limits. Errors: those of acquire() and of
/// Connection::run().
awaitable<Result<std::vector<ResultSet>>> run_on(Pool& pool, std::vector<Query> queries, Grouping grouping);
awaitable<Result<ResultSet>> run_on(Pool& pool, const Statement& statement, Params params);
awaitable<Result<ResultSet>> run_on(Pool& pool, const Statement& statement);

}  // namespace r8r::store
