#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/http/request.hpp"

namespace r8r::api {

/// A failure as a client gets it: the one envelope of every answer that is not a success.
struct ApiError {
  ErrorCode code = ErrorCode::internal_error;
  std::string message;
  std::string details;  ///< JSON text or empty
  std::string correlation_id;
  std::string execution_id;
  std::int64_t retry_after_ms = 0;  ///< 0: the code's own, if it has one
  int status = 0;                   ///< 0: the code's own

  ApiError(ErrorCode error_code, std::string text, std::string more = {})
      : code(error_code), message(std::move(text)), details(std::move(more)) {}
  ApiError(Error error)  // NOLINT: every Error can be told to a client
      : code(error.code), message(std::move(error.message)), details(std::move(error.details)) {}

  ApiError&& with_correlation(std::string id) && {
    correlation_id = std::move(id);
    return std::move(*this);
  }
  ApiError&& with_execution(std::string id) && {
    execution_id = std::move(id);
    return std::move(*this);
  }
  ApiError&& with_status(int value) && {
    status = value;
    return std::move(*this);
  }
};

/// HTTP status and category of a code (spec: error table). Codes that never leave a process count as internal errors.
int status_of(ErrorCode code);
std::string_view category_of(ErrorCode code);

/// The envelope, or problem+json (RFC 9457) when the request's Accept prefers it, with the headers that the code calls
/// for. What an internal error says is logged and not shown.
http::Response error_response(const http::Request& request, ApiError error);
/// As error_response, for a failure that the HTTP server itself found (bad request line, too large, too slow).
http::Response protocol_error_response(const http::Request& request, int status, std::string_view message);

/// {"field": name, …}: the details of missing_field and invalid_field.
std::string field_details(std::string_view field);
/// invalid_field with its details.
tl::unexpected<Error> invalid_field(std::string_view field, std::string message);

}  // namespace r8r::api
