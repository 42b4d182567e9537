#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "services/api/api_error.hpp"
#include "services/api/request_body.hpp"
#include "services/api/waiting.hpp"

namespace r8r::api {

/// What a call of `execute` asks for, from its body and headers together.
struct ExecuteRequest : Waiting {
  std::string_view input = "{}";  ///< raw JSON within the request's body
  std::string correlation_id;     ///< empty: none was given
  std::string idempotency_key;    ///< empty: none
  bool key_in_header = false;
  bool attach = false;  ///< a known key gets the first execution's answer
  std::optional<int> version;
  std::string traceparent;
};

struct ExecuteRules {
  std::chrono::seconds max_wait{3'600};
  bool trust_request_id = false;
};

/// Fills `out`; `out.correlation_id` first, so that every later error can name it. Nullopt when all is well.
std::optional<ApiError> read_execute_request(const http::Request& request, const RequestBody& body,
                                             const ExecuteRules& rules, ExecuteRequest& out);

/// The request's X-Request-ID when the caller gave it and is trusted, else empty.
std::string trusted_request_id(const http::Request& request, bool trust);
/// A well-formed W3C traceparent header, else empty.
std::string traceparent_of(const http::Request& request);

}  // namespace r8r::api
