#include "common/base/result.hpp"

#include <cstdio>
#include <cstdlib>

namespace r8r {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_request:
      return "INVALID_REQUEST";
    case ErrorCode::missing_field:
      return "MISSING_FIELD";
    case ErrorCode::invalid_field:
      return "INVALID_FIELD";
    case ErrorCode::invalid_input:
      return "INVALID_INPUT";
    case ErrorCode::invalid_idempotency_key:
      return "INVALID_IDEMPOTENCY_KEY";
    case ErrorCode::unauthorized:
      return "UNAUTHORIZED";
    case ErrorCode::forbidden:
      return "FORBIDDEN";
    case ErrorCode::workflow_not_found:
      return "WORKFLOW_NOT_FOUND";
    case ErrorCode::execution_not_found:
      return "EXECUTION_NOT_FOUND";
    case ErrorCode::approval_not_found:
      return "APPROVAL_NOT_FOUND";
    case ErrorCode::not_found:
      return "NOT_FOUND";
    case ErrorCode::method_not_allowed:
      return "METHOD_NOT_ALLOWED";
    case ErrorCode::idempotency_key_reuse:
      return "IDEMPOTENCY_KEY_REUSE";
    case ErrorCode::conflict_error:
      return "CONFLICT_ERROR";
    case ErrorCode::invalid_state:
      return "INVALID_STATE";
    case ErrorCode::version_conflict:
      return "VERSION_CONFLICT";
    case ErrorCode::payload_too_large:
      return "PAYLOAD_TOO_LARGE";
    case ErrorCode::unsupported_media_type:
      return "UNSUPPORTED_MEDIA_TYPE";
    case ErrorCode::invalid_workflow_definition:
      return "INVALID_WORKFLOW_DEFINITION";
    case ErrorCode::workflow_disabled:
      return "WORKFLOW_DISABLED";
    case ErrorCode::idempotency_key_mismatch:
      return "IDEMPOTENCY_KEY_MISMATCH";
    case ErrorCode::rate_limited:
      return "RATE_LIMITED";
    case ErrorCode::internal_error:
      return "INTERNAL_ERROR";
    case ErrorCode::storage_error:
      return "STORAGE_ERROR";
    case ErrorCode::execution_failed:
      return "EXECUTION_FAILED";
    case ErrorCode::node_execution_failed:
      return "NODE_EXECUTION_FAILED";
    case ErrorCode::service_unavailable:
      return "SERVICE_UNAVAILABLE";
    case ErrorCode::queue_full:
      return "QUEUE_FULL";
    case ErrorCode::execution_timeout:
      return "EXECUTION_TIMEOUT";
    case ErrorCode::cancelled:
      return "CANCELLED";
    case ErrorCode::timeout:
      return "TIMEOUT";
    case ErrorCode::config_error:
      return "CONFIG_ERROR";
    case ErrorCode::fenced:
      return "FENCED";
  }
  return "INTERNAL_ERROR";
}

void assertion_failed(const char* condition, const char* file, int line, const std::string& facts) {
  std::fprintf(stderr, "%s:%d: assertion failed: %s: %s\n", file, line, condition, facts.c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace r8r
