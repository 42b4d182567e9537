#include "services/api/query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <vector>

#include "services/api/api_error.hpp"

namespace r8r::api {

Result<void> check_query_names(const http::Request& request, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.query) {
    if (name.starts_with('_') || name == "token") continue;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string message = fmt::format("query '{}' is not known here", name);
    message += known.size() == 0 ? std::string("; this path takes none")
                                 : fmt::format("; known are: {}", fmt::join(known, ", "));
    return fail(ErrorCode::invalid_request, std::move(message), field_details(name));
  }
  return {};
}

Result<std::optional<std::int64_t>> query_integer(const http::Request& request, std::string_view name, std::int64_t low,
                                                  std::int64_t high) {
  const auto text = request.query_value(name);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < low || value > high)
    return invalid_field(name, fmt::format("query '{}' must be a whole number from {} to {}", name, low, high));
  return value;
}

Result<std::optional<bool>> query_flag(const http::Request& request, std::string_view name) {
  const auto text = request.query_value(name);
  if (!text) return std::nullopt;
  if (*text == "true" || *text == "1") return true;
  if (*text == "false" || *text == "0") return false;
  return invalid_field(name, fmt::format("query '{}' must be true or false", name));
}

std::string encode_cursor(std::string_view position) {
  std::string out;
  for (const char c : position) fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::optional<std::string> decode_cursor(std::string_view cursor) {
  if (cursor.empty() || cursor.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < cursor.size(); i += 2) {
    unsigned byte = 0;
    const char* end = cursor.data() + i + 2;
    const auto [stop, error] = std::from_chars(cursor.data() + i, end, byte, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    out += static_cast<char>(byte);
  }
  return out;
}

}  // namespace r8r::api
