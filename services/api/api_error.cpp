#include "services/api/api_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "common/base/json_text.hpp"
#include "common/base/log.hpp"

namespace r8r::api {
namespace {

constexpr std::int64_t kRetryAfterMs = 1'000;

struct Shape {
  int status;
  std::string_view category;
};

Shape shape_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_request:
    case ErrorCode::missing_field:
    case ErrorCode::invalid_field:
    case ErrorCode::invalid_input:
    case ErrorCode::invalid_idempotency_key:
      return {400, "client_error"};
    case ErrorCode::unauthorized:
      return {401, "client_error"};
    case ErrorCode::forbidden:
      return {403, "client_error"};
    case ErrorCode::workflow_not_found:
    case ErrorCode::execution_not_found:
    case ErrorCode::approval_not_found:
    case ErrorCode::not_found:
      return {404, "client_error"};
    case ErrorCode::method_not_allowed:
      return {405, "client_error"};
    case ErrorCode::idempotency_key_reuse:
    case ErrorCode::conflict_error:
    case ErrorCode::invalid_state:
    case ErrorCode::version_conflict:
      return {409, "conflict"};
    case ErrorCode::payload_too_large:
      return {413, "client_error"};
    case ErrorCode::unsupported_media_type:
      return {415, "client_error"};
    case ErrorCode::invalid_workflow_definition:
    case ErrorCode::workflow_disabled:
    case ErrorCode::idempotency_key_mismatch:
      return {422, "client_error"};
    case ErrorCode::rate_limited:
      return {429, "rate_limit"};
    case ErrorCode::execution_failed:
    case ErrorCode::node_execution_failed:
    case ErrorCode::internal_error:
    case ErrorCode::storage_error:
      return {500, "permanent"};
    case ErrorCode::service_unavailable:
    case ErrorCode::queue_full:
      return {503, "transient"};
    case ErrorCode::execution_timeout:
      return {504, "transient"};
    case ErrorCode::cancelled:
    case ErrorCode::timeout:
    case ErrorCode::config_error:
    case ErrorCode::fenced:
      break;
  }
  return {500, "permanent"};
}

bool stays_inside(ErrorCode code) {
  return code == ErrorCode::internal_error || code == ErrorCode::storage_error || code == ErrorCode::cancelled ||
         code == ErrorCode::timeout || code == ErrorCode::config_error || code == ErrorCode::fenced;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

double quality_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto end = std::min(parameters.find(';'), parameters.size());
    const std::string_view parameter = trimmed(parameters.substr(0, end));
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    if (!parameter.starts_with("q=")) continue;
    double quality = 1;
    std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), quality);
    return quality;
  }
  return 1;
}

// Whether `accept` names application/problem+json, and not application/json with at least the same weight.
bool prefers_problem(std::string_view accept) {
  double problem = 0;
  double plain = 0;
  while (!accept.empty()) {
    const auto end = std::min(accept.find(','), accept.size());
    const std::string_view range = trimmed(accept.substr(0, end));
    accept.remove_prefix(std::min(end + 1, accept.size()));
    const auto type_end = std::min(range.find(';'), range.size());
    const std::string_view type = trimmed(range.substr(0, type_end));
    const double quality = quality_of(type_end < range.size() ? range.substr(type_end + 1) : std::string_view());
    if (type == "application/problem+json") problem = std::max(problem, quality);
    if (type == "application/json") plain = std::max(plain, quality);
  }
  return problem > 0 && problem > plain;
}

void append_text_or_null(std::string& out, std::string_view key, std::string_view value) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
  if (value.empty()) {
    out += "null";
  } else {
    append_json_string(out, value);
  }
}

// The keys that both forms share, from "category" on.
void append_facts(std::string& out, const ApiError& error, const http::Request& request, std::string_view category) {
  append_text_or_null(out, "category", category);
  append_text_or_null(out, "correlation_id", error.correlation_id);
  append_text_or_null(out, "execution_id", error.execution_id);
  append_text_or_null(out, "request_id", request.request_id);
  out += ",\"retry_after_ms\":";
  out += error.retry_after_ms > 0 ? std::to_string(error.retry_after_ms) : std::string("null");
  out += ",\"details\":";
  out += error.details.empty() ? std::string_view("null") : std::string_view(error.details);
}

std::string lower_words(std::string_view code, char separator) {
  std::string out;
  for (const char c : code)
    out += c == '_' ? separator : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

int status_of(ErrorCode code) {
  return shape_of(code).status;
}
std::string_view category_of(ErrorCode code) {
  return shape_of(code).category;
}

http::Response error_response(const http::Request& request, ApiError error) {
  if (stays_inside(error.code)) {
    log::error("a request failed",
               {{"request_id", request.request_id}, {"code", error_code_name(error.code)}, {"error", error.message}});
    const bool storage = error.code == ErrorCode::storage_error;
    error.code = storage ? ErrorCode::storage_error : ErrorCode::internal_error;
    error.message = storage ? "The database refused the operation" : "An internal error occurred";
    error.details.clear();
  }
  const Shape shape = shape_of(error.code);
  const int status = error.status != 0 ? error.status : shape.status;
  if (error.retry_after_ms == 0 && (status == 503 || status == 429)) error.retry_after_ms = kRetryAfterMs;
  const std::string_view code = error_code_name(error.code);

  http::Response response;
  response.status = status;
  std::string& body = response.body;
  const auto accept = request.header("accept");
  if (accept && prefers_problem(*accept)) {
    response.content_type = "application/problem+json";
    std::string title = lower_words(code, ' ');
    title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
    fmt::format_to(std::back_inserter(body), R"({{"type":"/problems/{}","title":"{}","status":{},"detail":)",
                   lower_words(code, '-'), title, status);
    append_json_string(body, error.message);
    body += ",\"instance\":";
    append_json_string(body, request.path);
    fmt::format_to(std::back_inserter(body), R"(,"code":"{}")", code);
    append_facts(body, error, request, shape.category);
    body += '}';
  } else {
    fmt::format_to(std::back_inserter(body), R"({{"error":{{"code":"{}","message":)", code);
    append_json_string(body, error.message);
    append_facts(body, error, request, shape.category);
    body += "}}";
  }
  if (status == 503 || status == 429)
    response.headers.emplace_back("Retry-After", std::to_string((error.retry_after_ms + 999) / 1000));
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

http::Response protocol_error_response(const http::Request& request, int status, std::string_view message) {
  ErrorCode code = ErrorCode::invalid_request;
  if (status == 413) code = ErrorCode::payload_too_large;
  if (status == 503) code = ErrorCode::service_unavailable;
  if (status == 500) code = ErrorCode::internal_error;
  return error_response(request, ApiError(code, std::string(message)).with_status(status));
}

std::string field_details(std::string_view field) {
  std::string out = "{\"field\":";
  append_json_string(out, field);
  out += '}';
  return out;
}

tl::unexpected<Error> invalid_field(std::string_view field, std::string message) {
  return fail(ErrorCode::invalid_field, std::move(message), field_details(field));
}

}  // namespace r8r::api
