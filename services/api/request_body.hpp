#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/http/request.hpp"
#include "services/api/json_scanner.hpp"

namespace r8r::api {

enum class MediaType { json, yaml, form, text, other, none };
/// What a Content-Type header (or its absence) announces.
MediaType media_type_of(const http::Request& request);

/// The JSON object that a client sent, checked as a whole; its fields are taken out one by one. Points into the
/// request's body, which must outlive it. A field that is null counts as absent. Unknown fields are ignored, of
/// duplicate ones the last counts.
class RequestBody {
 public:
  /// Errors: unsupported_media_type; invalid_request with offset, line and column in details. An empty body is {}.
  static Result<RequestBody> parse(const http::Request& request);

  bool has(std::string_view name) const;
  /// The text of a field as it stands in the body; null counts as absent here too.
  std::optional<std::string_view> raw(std::string_view name) const;
  std::optional<JsonKind> kind(std::string_view name) const;

  // Errors: invalid_field naming the field.
  Result<std::optional<bool>> flag(std::string_view name) const;
  Result<std::optional<double>> number(std::string_view name) const;
  Result<std::optional<std::int64_t>> integer(std::string_view name) const;
  Result<std::optional<std::string>> text(std::string_view name) const;
  /// As text, 1 to `longest` characters without control characters.
  Result<std::optional<std::string>> label(std::string_view name, std::size_t longest) const;

 private:
  const JsonField* find(std::string_view name) const;

  std::vector<JsonField> fields_;
};

/// invalid_request for JSON that is not well-formed. `what` begins the message: "the request body".
Error broken_json(std::string_view what, std::string_view text, const JsonFault& fault);
/// Characters (code points) of valid UTF-8.
std::size_t character_count(std::string_view text);
bool has_control_characters(std::string_view text);

}  // namespace r8r::api
