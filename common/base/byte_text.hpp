#pragma once
#include <optional>
#include <string>
#include <string_view>

/// Bytes as text.
namespace r8r {

/// Lower case.
std::string to_hex(std::string_view bytes);
/// Digits in any case, an even number of them; anything else is nullopt.
std::optional<std::string> from_hex(std::string_view text);

/// Standard alphabet, padded.
std::string to_base64(std::string_view bytes);
/// Standard and URL-safe alphabets, with or without padding; white space is skipped. Anything else is nullopt.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace r8r
