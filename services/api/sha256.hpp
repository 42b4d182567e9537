#pragma once
#include <string>
#include <string_view>

namespace r8r::api {

/// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view text);

}  // namespace r8r::api
