#include "services/api/execute_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "services/api/idempotency.hpp"

namespace r8r::api {
namespace {

std::optional<ApiError> read_key(const http::Request& request, const RequestBody& body, ExecuteRequest& out) {
  Result<std::optional<std::string>> in_body = body.text("idempotency_key");
  if (!in_body) return ApiError(std::move(in_body.error()));
  std::optional<std::string> key = std::move(*in_body);
  if (const auto header = request.header("idempotency-key")) {
    key = std::string(*header);
    out.key_in_header = true;
  }
  if (!key) return std::nullopt;
  if (Result<void> checked = check_idempotency_key(*key); !checked) return ApiError(std::move(checked.error()));
  out.idempotency_key = std::move(*key);
  return std::nullopt;
}

std::optional<ApiError> read_conflict_rule(const RequestBody& body, const Preferences& preferences,
                                           ExecuteRequest& out) {
  Result<std::optional<std::string>> rule = body.text("on_conflict");
  if (!rule) return ApiError(std::move(rule.error()));
  if (*rule && **rule != "error" && **rule != "attach")
    return ApiError(invalid_field("on_conflict", "field 'on_conflict' must be 'error' or 'attach'").value());
  out.attach = *rule ? **rule == "attach" : preferences.representation;
  if (out.attach && !*rule) {
    if (!out.preference_applied.empty()) out.preference_applied += ", ";
    out.preference_applied += "return=representation";
  }
  return std::nullopt;
}

}  // namespace

std::string trusted_request_id(const http::Request& request, bool trust) {
  if (!trust) return {};
  const auto given = request.header("x-request-id");
  return given && *given == request.request_id ? request.request_id : std::string();
}

std::string traceparent_of(const http::Request& request) {
  const auto header = request.header("traceparent");
  if (!header || header->size() != 55) return {};
  for (std::size_t i = 0; i < header->size(); ++i) {
    const char c = (*header)[i];
    const bool dash = i == 2 || i == 35 || i == 52;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return {};
  }
  return std::string(*header);
}

std::optional<ApiError> read_execute_request(const http::Request& request, const RequestBody& body,
                                             const ExecuteRules& rules, ExecuteRequest& out) {
  Result<std::optional<std::string>> correlation = body.label("correlation_id", 128);
  if (!correlation) return ApiError(std::move(correlation.error()));
  out.correlation_id = *correlation ? std::move(**correlation) : trusted_request_id(request, rules.trust_request_id);

  const Preferences preferences = preferences_of(request);
  if (std::optional<ApiError> error = read_key(request, body, out)) return error;
  if (Result<void> read = read_waiting(body, preferences, rules.max_wait, out); !read)
    return ApiError(std::move(read.error()));
  if (std::optional<ApiError> error = read_conflict_rule(body, preferences, out)) return error;

  Result<std::optional<std::int64_t>> version = body.integer("version");
  if (!version) return ApiError(std::move(version.error()));
  if (*version) {
    if (**version < 1 || **version > std::numeric_limits<int>::max())
      return ApiError(invalid_field("version", "field 'version' must be a version number, 1 or more").value());
    out.version = static_cast<int>(**version);
  }
  out.input = body.raw("input").value_or("{}");
  out.traceparent = traceparent_of(request);
  return std::nullopt;
}

}  // namespace r8r::api
