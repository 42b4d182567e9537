#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/result.hpp"

namespace r8r::store {

class Connection;

struct PoolOptions {
  std::string url;               ///< postgres://…
  std::string application_name;  ///< shown in pg_stat_activity
  std::size_t size = 4;
  std::chrono::milliseconds acquire_timeout{5'000};
  std::chrono::milliseconds statement_timeout{10'000};
};

/// Connections for reads and rare writes. A connection that saw an error of the link is thrown away and made anew on
/// demand, with back-off while the database is away.
class Pool {
 public:
  Pool(boost::asio::io_context& io, PoolOptions options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Gives the connection back when it goes out of scope.
  class Lease;
  boost::asio::awaitable<Result<Lease>> acquire();

  /// select 1, within `limit`. Errors: service_unavailable with a reason for people.
  boost::asio::awaitable<Result<void>> ping(std::chrono::milliseconds limit);
  /// Whether the last use of the database succeeded; costs nothing.
  bool healthy() const;
  std::size_t in_use() const;
  const PoolOptions& options() const;
  boost::asio::io_context& io() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace r8r::store
