#pragma once
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace r8r {

/// What kind of failure an Error is. The API's error codes are these, in capitals (spec: error envelope).
enum class ErrorCode {
  invalid_request,
  missing_field,
  invalid_field,
  invalid_input,
  invalid_idempotency_key,
  unauthorized,
  forbidden,
  workflow_not_found,
  execution_not_found,
  approval_not_found,
  not_found,
  method_not_allowed,
  idempotency_key_reuse,
  conflict_error,
  invalid_state,
  version_conflict,
  payload_too_large,
  unsupported_media_type,
  invalid_workflow_definition,
  workflow_disabled,
  idempotency_key_mismatch,
  rate_limited,
  internal_error,
  storage_error,
  execution_failed,
  node_execution_failed,
  service_unavailable,
  queue_full,
  execution_timeout,
  // Local to a process; never leave it as they are.
  cancelled,
  timeout,
  config_error,
  fenced,  ///< this scheduler incarnation may not write any more
};

/// "WORKFLOW_NOT_FOUND" and so on.
std::string_view error_code_name(ErrorCode code);

/// An expected failure: what went wrong, for a person (`message`) and for a program (`code`).
struct Error {
  ErrorCode code = ErrorCode::internal_error;
  std::string message;
  /// JSON text (an object or an array of problems), or empty.
  std::string details;
};

template <class T = void>
using Result = tl::expected<T, Error>;

/// return fail(ErrorCode::invalid_field, "...");
inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string details = {}) {
  return tl::make_unexpected(Error{code, std::move(message), std::move(details)});
}
inline tl::unexpected<Error> fail(Error error) {
  return tl::make_unexpected(std::move(error));
}

/// Ends the process with the facts; on in every build.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line, const std::string& facts);

}  // namespace r8r

/// R8R_ASSERT(condition, facts...): `facts` is a std::string that says what the values were.
#define R8R_ASSERT(condition, facts) \
  (static_cast<bool>(condition) ? void() : ::r8r::assertion_failed(#condition, __FILE__, __LINE__, (facts)))
