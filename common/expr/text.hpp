#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// UTF-8 text seen as a row of characters (code points). All input is valid UTF-8 unless a function says otherwise.
namespace r8r::expr {

struct Position {
  int line = 1;
  int column = 1;  ///< in characters
};
/// Where byte `offset` of `text` stands.
Position position_of(std::string_view text, std::size_t offset);

/// Places of several offsets of one text, cheap as long as they go forward.
class PositionCursor {
 public:
  explicit PositionCursor(std::string_view text) : text_(text) {}
  Position at(std::size_t offset);

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  Position place_;
};

inline bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}
/// Bytes of the character that begins with `first`.
inline std::size_t character_length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}
/// The code point that begins at `at`, which moves past it. Malformed bytes count as one character U+FFFD.
std::uint32_t next_code_point(std::string_view text, std::size_t& at);
void append_code_point(std::string& out, std::uint32_t code);

/// The character that begins at byte `at`; empty at the end. Never reaches beyond the text, well-formed or not.
inline std::string_view character_at(std::string_view text, std::size_t at) {
  return at < text.size() ? text.substr(at, character_length(text[at])) : std::string_view();
}

/// Byte offset of character number `index`, or the length when there are fewer.
std::size_t byte_offset(std::string_view text, std::size_t index);
std::size_t count_characters(std::string_view text);

/// Whether eight bytes are all characters that JSON writes as they are: ASCII from space on, no quote, no backslash.
inline bool is_plain_block(const char* bytes) {
  std::uint64_t block = 0;
  std::memcpy(&block, bytes, 8);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  const auto has_zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kHigh; };
  const std::uint64_t control = (block - kOnes * 0x20) & ~block & kHigh;
  return ((block & kHigh) | control | has_zero(block ^ kOnes * '"') | has_zero(block ^ kOnes * '\\')) == 0;
}

/// White space at both ends as Unicode has it.
std::string_view trim_left(std::string_view text);
std::string_view trim_right(std::string_view text);
inline std::string_view trim(std::string_view text) {
  return trim_left(trim_right(text));
}
bool is_white_space(std::uint32_t code);

/// Simple case mapping: one character to one character, Latin, Greek, Cyrillic and Armenian.
std::uint32_t upper_case(std::uint32_t code);
std::uint32_t lower_case(std::uint32_t code);

/// The bytes with everything that is not UTF-8 replaced by U+FFFD.
std::string repaired_utf8(std::string_view bytes);

}  // namespace r8r::expr
