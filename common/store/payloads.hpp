#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/base/payload.hpp"
#include "common/base/result.hpp"
#include "common/base/uuid.hpp"

namespace r8r::store {

class Pool;

/// The key of a payload: SHA-256, hexadecimal.
std::string payload_key(std::string_view data);

struct StoredPayload {
  std::string key;
  std::string data;
};

/// Outputs of nodes too large for a message. See common/base/payload.hpp for what refers to them.
class Payloads {
 public:
  explicit Payloads(Pool& pool) : pool_(pool) {}

  /// Each by itself, so that no statement is larger than the largest of them. Those that are there already stay.
  boost::asio::awaitable<Result<void>> put(Uuid execution_id, std::vector<StoredPayload> payloads);
  /// What these payloads are, references and others, in order. Errors: invalid_state when something of one is not
  /// there.
  boost::asio::awaitable<Result<std::vector<std::string>>> whole(Uuid execution_id, std::vector<std::string> payloads);

 private:
  Pool& pool_;
};

}  // namespace r8r::store
