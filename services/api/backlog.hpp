#pragma once
#include <cstdint>

#include "common/base/async.hpp"
#include "common/base/result.hpp"
#include "common/store/pool.hpp"

namespace r8r::api {

/// How many accepted executions no scheduler has begun yet, and the bound past which no further ones are taken. Counted
/// in the background; in between, what this instance accepts is added.
class Backlog {
 public:
  /// `limit` 0: no bound.
  Backlog(store::Pool& pool, std::int64_t limit) : pool_(pool), limit_(limit) {}

  /// Errors: rate_limited.
  Result<void> admit() const;
  void accepted() { ++since_; }
  /// Runs until cancelled.
  awaitable<void> watch();

 private:
  store::Pool& pool_;
  std::int64_t limit_;
  std::int64_t counted_ = 0;
  std::int64_t since_ = 0;  ///< accepted here after the count began
};

}  // namespace r8r::api
