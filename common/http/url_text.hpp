#pragma once
#include <string>
#include <string_view>

#include "common/http/request.hpp"

namespace r8r::http {

/// `text` with each %XX replaced by its byte, once; a '%' without two hex digits stays as it is. With `plus_is_space`,
/// '+' becomes a space (query strings). The result is UTF-8 without NUL: what is not becomes U+FFFD.
std::string percent_decode(std::string_view text, bool plus_is_space = false);

/// The names and values of "a=1&b=2&c", decoded, in order; a name without '=' has an empty value, empty parts are
/// skipped.
NameValues parse_query(std::string_view query);

/// Splits a request target into path and query, both raw. "http://host/path" (absolute form) is its path.
struct SplitTarget {
  std::string_view path;
  std::string_view query;
};
SplitTarget split_target(std::string_view target);

/// ASCII only.
bool equal_ignoring_case(std::string_view a, std::string_view b);
void to_lower(std::string& text);

}  // namespace r8r::http
