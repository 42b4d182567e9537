#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

namespace r8r::expr {

/// Whether two texts are the same; without a call for the short ones that keys and words are.
inline bool same_text(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  const auto differ = [](auto word, const char* x, const char* y) {
    auto other = word;
    std::memcpy(&word, x, sizeof word);
    std::memcpy(&other, y, sizeof other);
    return word ^ other;
  };
  // Two words that may overlap cover any length between one and two of them.
  const char* const x = a.data();
  const char* const y = b.data();
  if (size > 16) return std::memcmp(x, y, size) == 0;
  if (size >= 8) {
    return (differ(std::uint64_t{}, x, y) | differ(std::uint64_t{}, x + size - 8, y + size - 8)) == 0;
  }
  if (size >= 4) {
    return (differ(std::uint32_t{}, x, y) | differ(std::uint32_t{}, x + size - 4, y + size - 4)) == 0;
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (x[i] != y[i]) return false;
  }
  return true;
}

}  // namespace r8r::expr
