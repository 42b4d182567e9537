#include "services/api/idempotency.hpp"

#include <nlohmann/json.hpp>

#include "common/base/json_text.hpp"
#include "services/api/request_body.hpp"
#include "services/api/sha256.hpp"

namespace r8r::api {

Result<void> check_idempotency_key(std::string_view key) {
  if (key.empty()) return fail(ErrorCode::invalid_idempotency_key, "The idempotency key must not be empty");
  if (character_count(key) > 255)
    return fail(ErrorCode::invalid_idempotency_key, "The idempotency key must have at most 255 characters");
  if (has_control_characters(key))
    return fail(ErrorCode::invalid_idempotency_key, "The idempotency key must not contain control characters");
  if (!is_valid_utf8(key)) return fail(ErrorCode::invalid_idempotency_key, "The idempotency key must be UTF-8");
  return {};
}

std::string fingerprint_of(std::string_view workflow, std::string_view input) {
  // Integers beyond 64 bits lose their last digits here, which only makes the check coarser.
  const nlohmann::json document = nlohmann::json::parse(input, nullptr, false);
  std::string text(workflow);
  text += '\0';
  text += document.is_discarded() ? std::string(input)
                                  : document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return sha256_hex(text);
}

}  // namespace r8r::api
