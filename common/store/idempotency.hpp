#pragma once
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "common/base/result.hpp"
#include "common/base/uuid.hpp"

namespace r8r::store {

class Pool;

/// What an idempotency key stands for: the first execution that was accepted with it.
struct IdempotencyKey {
  Uuid execution_id;
  std::string fingerprint;
};

class IdempotencyKeys {
 public:
  explicit IdempotencyKeys(Pool& pool) : pool_(pool) {}

  boost::asio::awaitable<Result<std::optional<IdempotencyKey>>> find(std::string key);

 private:
  Pool& pool_;
};

}  // namespace r8r::store
