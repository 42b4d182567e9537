#include "services/api/request_body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "services/api/api_error.hpp"

namespace r8r::api {
namespace {

std::string_view kind_name(JsonKind kind) {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "a boolean";
    case JsonKind::number:
      return "a number";
    case JsonKind::string:
      return "a string";
    case JsonKind::array:
      return "an array";
    case JsonKind::object:
      return "an object";
  }
  return "null";
}

tl::unexpected<Error> wrong_kind(const JsonField& field, std::string_view name, std::string_view wanted) {
  return invalid_field(name, fmt::format("field '{}' must be {}, not {}", name, wanted, kind_name(field.kind)));
}

}  // namespace

MediaType media_type_of(const http::Request& request) {
  const auto header = request.header("content-type");
  if (!header) return MediaType::none;
  std::string type(header->substr(0, header->find(';')));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  if (type.empty()) return MediaType::none;
  if (type == "application/json" || (type.starts_with("application/") && type.ends_with("+json")))
    return MediaType::json;
  if (type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml" || type == "text/x-yaml")
    return MediaType::yaml;
  if (type == "application/x-www-form-urlencoded") return MediaType::form;
  if (type.starts_with("text/")) return MediaType::text;
  return MediaType::other;
}

Error broken_json(std::string_view what, std::string_view text, const JsonFault& fault) {
  const TextPosition at = position_of(text, fault.offset);
  return Error{ErrorCode::invalid_request,
               fmt::format("{} is not valid JSON: {} (line {}, column {})", what, fault.message, at.line, at.column),
               fmt::format(R"({{"offset":{},"line":{},"column":{}}})", fault.offset, at.line, at.column)};
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

Result<RequestBody> RequestBody::parse(const http::Request& request) {
  RequestBody body;
  if (request.body.empty()) return body;
  const MediaType type = media_type_of(request);
  if (type != MediaType::json && type != MediaType::none) {
    return fail(ErrorCode::unsupported_media_type,
                fmt::format("Content-Type '{}' is not supported here; send application/json",
                            request.header("content-type").value_or("")));
  }
  JsonScan scan = scan_json(request.body);
  if (scan.fault) return fail(broken_json("the request body", request.body, *scan.fault));
  if (scan.kind != JsonKind::object) {
    return fail(ErrorCode::invalid_request,
                fmt::format("the request body must be a JSON object, not {}", kind_name(scan.kind)));
  }
  body.fields_ = std::move(scan.fields);
  return body;
}

const JsonField* RequestBody::find(std::string_view name) const {
  for (auto field = fields_.rbegin(); field != fields_.rend(); ++field) {
    const bool escaped = field->key.find('\\') != std::string_view::npos;
    if (escaped ? unescape_json(field->key) == name : field->key == name)
      return field->kind == JsonKind::null ? nullptr : &*field;
  }
  return nullptr;
}

bool RequestBody::has(std::string_view name) const {
  return find(name) != nullptr;
}

std::optional<std::string_view> RequestBody::raw(std::string_view name) const {
  const JsonField* field = find(name);
  return field ? std::optional(field->value) : std::nullopt;
}

std::optional<JsonKind> RequestBody::kind(std::string_view name) const {
  const JsonField* field = find(name);
  return field ? std::optional(field->kind) : std::nullopt;
}

Result<std::optional<bool>> RequestBody::flag(std::string_view name) const {
  const JsonField* field = find(name);
  if (!field) return std::nullopt;
  if (field->kind != JsonKind::boolean) return wrong_kind(*field, name, "true or false");
  return field->value == "true";
}

Result<std::optional<double>> RequestBody::number(std::string_view name) const {
  const JsonField* field = find(name);
  if (!field) return std::nullopt;
  if (field->kind != JsonKind::number) return wrong_kind(*field, name, "a number");
  double value = 0;
  std::from_chars(field->value.data(), field->value.data() + field->value.size(), value);
  return value;
}

Result<std::optional<std::int64_t>> RequestBody::integer(std::string_view name) const {
  const JsonField* field = find(name);
  if (!field) return std::nullopt;
  if (field->kind != JsonKind::number) return wrong_kind(*field, name, "a whole number");
  std::int64_t value = 0;
  const char* end = field->value.data() + field->value.size();
  const auto [stop, error] = std::from_chars(field->value.data(), end, value);
  if (error != std::errc() || stop != end)
    return invalid_field(name, fmt::format("field '{}' must be a whole number, not {}", name, field->value));
  return value;
}

Result<std::optional<std::string>> RequestBody::text(std::string_view name) const {
  const JsonField* field = find(name);
  if (!field) return std::nullopt;
  if (field->kind != JsonKind::string) return wrong_kind(*field, name, "a string");
  return unescape_json(field->value);
}

Result<std::optional<std::string>> RequestBody::label(std::string_view name, std::size_t longest) const {
  Result<std::optional<std::string>> value = text(name);
  if (!value || !*value) return value;
  if ((*value)->empty() || character_count(**value) > longest)
    return invalid_field(name, fmt::format("field '{}' must have 1 to {} characters", name, longest));
  if (has_control_characters(**value))
    return invalid_field(name, fmt::format("field '{}' must not contain control characters", name));
  return value;
}

}  // namespace r8r::api
