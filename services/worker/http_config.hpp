#pragma once
#include <bitset>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "common/expr/value.hpp"
#include "services/worker/http_url.hpp"

namespace r8r::worker {

/// Which statuses are a success.
using StatusSet = std::bitset<1000>;

/// What an http node is to do: its evaluated config, checked.
struct HttpCall {
  std::string method;
  Url url;
  std::vector<std::pair<std::string, std::string>>
      headers;  ///< with Content-Type and Idempotency-Key where they belong
  std::optional<std::string> body;
  std::chrono::milliseconds timeout{30'000};
  bool raw_response = false;
  int max_redirects = 5;
  StatusSet expected;
  std::size_t max_response_bytes = 0;
  bool verify_tls = true;
  /// The receiver can tell a repetition: the method says so, or the request carries a key.
  bool repeatable = true;
};

/// `config`: by canonical names. `idempotency_key`: for methods that change something, unless the config has its own or
/// says no. Errors: invalid_field naming the field; no attempt can succeed.
Result<HttpCall> read_http_config(const expr::Value& config, const std::string& idempotency_key);

/// 200, "200-299", "2xx", or a list of these. Errors: invalid_field.
Result<StatusSet> read_expected_status(const expr::Value& value);

}  // namespace r8r::worker
