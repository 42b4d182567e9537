#pragma once
#include <string>
#include <string_view>

namespace r8r {

/// Appends `text` as a JSON string literal with its quotes. Bytes that are not valid UTF-8 become U+FFFD, so the result
/// is always valid JSON.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

/// Whether all of `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_valid_utf8(std::string_view text);

}  // namespace r8r
