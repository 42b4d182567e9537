#pragma once
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace r8r::api {

/// Errors: invalid_idempotency_key (empty, over 255 characters, control characters).
Result<void> check_idempotency_key(std::string_view key);

/// What a key is remembered with: SHA-256 (hex) over the workflow's name and the canonical text of the input as it was
/// sent (members sorted, no white space). `input` is well-formed JSON.
std::string fingerprint_of(std::string_view workflow, std::string_view input);

}  // namespace r8r::api
