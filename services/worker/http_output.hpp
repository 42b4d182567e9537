#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "common/base/time.hpp"
#include "common/expr/value.hpp"
#include "services/worker/http_client.hpp"

namespace r8r::worker {

/// {status, headers, body, duration_ms}: the body as data when it is JSON (unless `raw`), as text, or as base64 with
/// `encoding: "base64"` when it is no text.
expr::Value http_output(HttpResponse response, bool raw, std::chrono::milliseconds duration);

/// The beginning of a body for a person: at most 2 KiB of text.
std::string body_excerpt(const HttpResponse& response);

/// What a Retry-After header (seconds or a date) asks for, at most a day; 0: nothing, or not readable.
std::chrono::milliseconds retry_after(std::string_view value, Timestamp now);

}  // namespace r8r::worker
