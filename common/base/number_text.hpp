#pragma once
#include <charconv>
#include <concepts>
#include <string>

namespace r8r {

/// Appends `value` in decimal digits.
template <std::integral N>
void append_number(std::string& out, N value) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace r8r
