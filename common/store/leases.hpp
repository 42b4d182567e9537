#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"

namespace r8r::store {

class Pool;

struct Peer {
  std::int64_t incarnation = 0;
  std::string name;
  std::chrono::milliseconds lease_left{0};  ///< negative: expired
  bool fenced = false;
};

struct PartitionOwner {
  int partition = 0;
  std::optional<std::int64_t> owner;
};

/// Who may write: incarnations, their leases, and the partitions they own. All times are the database's own.
class Leases {
 public:
  explicit Leases(Pool& pool) : pool_(pool) {}

  /// A new incarnation with a lease.
  boost::asio::awaitable<Result<std::int64_t>> begin_incarnation(std::string name, std::chrono::milliseconds lease);
  /// False: fenced meanwhile; the incarnation is over.
  boost::asio::awaitable<Result<bool>> renew(std::int64_t incarnation, std::chrono::milliseconds lease);
  /// Incarnations that are not fenced, and those fenced that still own partitions.
  boost::asio::awaitable<Result<std::vector<Peer>>> peers();
  boost::asio::awaitable<Result<std::vector<PartitionOwner>>> partitions();
  /// Ends an expired incarnation: takes its advisory lock exclusively (lock_timeout; then ends the sessions of its
  /// writer, known by application_name = writer_name(incarnation), and tries again), marks it fenced if its lease is
  /// still expired, commits. True when it is fenced afterwards.
  boost::asio::awaitable<Result<bool>> fence(std::int64_t expired);
  /// Takes up to `max` partitions that are free or owned by a fenced incarnation. The answer: those taken.
  boost::asio::awaitable<Result<std::vector<int>>> claim(std::int64_t incarnation, int max);
  /// Gives partitions back; the caller has stopped working on them and waited for its own commits.
  boost::asio::awaitable<Result<void>> release(std::int64_t incarnation, std::vector<int> partitions);
  /// Clean end: releases all partitions and marks the incarnation fenced.
  boost::asio::awaitable<Result<void>> end_incarnation(std::int64_t incarnation);

  /// application_name of the session through which an incarnation writes.
  static std::string writer_name(std::int64_t incarnation) { return "r8r-progress-" + std::to_string(incarnation); }

 private:
  Pool& pool_;
};

}  // namespace r8r::store
