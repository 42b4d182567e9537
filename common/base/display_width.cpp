#include "common/base/display_width.hpp"

#include <algorithm>
#include <array>

namespace r8r {
namespace {

struct Range {
  char32_t first, last;
};
// The blocks that matter in names and messages; from the Unicode character database (Mn, Me, Cf and W, F).
constexpr std::array<Range, 8> kZeroWidth{{{0x0300, 0x036F},
                                           {0x0483, 0x0489},
                                           {0x0591, 0x05BD},
                                           {0x1AB0, 0x1AFF},
                                           {0x1DC0, 0x1DFF},
                                           {0x200B, 0x200F},
                                           {0x20D0, 0x20FF},
                                           {0xFE00, 0xFE0F}}};
constexpr std::array<Range, 9> kWide{{{0x1100, 0x115F},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1FAFF}}};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t character) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return character >= range.first && character <= range.last; });
}

}  // namespace

char32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at++);
  int more = 0;
  char32_t character = first;
  if (first >= 0xF0 && first < 0xF8) {
    more = 3;
    character = first & 0x07u;
  } else if (first >= 0xE0) {
    more = first < 0xF0 ? 2 : 0;
    character = first & 0x0Fu;
  } else if (first >= 0xC0) {
    more = 1;
    character = first & 0x1Fu;
  }
  for (; more > 0 && at < text.size() && (byte(at) & 0xC0u) == 0x80u; --more)
    character = character << 6 | (byte(at++) & 0x3Fu);
  return more == 0 ? character : U'\uFFFD';
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = next_character(text, at);
    if (within(kZeroWidth, character)) continue;
    width += within(kWide, character) || (character >= 0x20000 && character <= 0x3FFFD) ? 2 : 1;
  }
  return width;
}

}  // namespace r8r
