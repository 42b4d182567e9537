#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "common/expr/value.hpp"

namespace r8r::expr {

struct Token {
  enum class Kind : std::uint8_t {
    end,
    word,          ///< a name or a keyword
    literal,       ///< a number or a string, in `value`
    big,           ///< 9223372036854775808: an integer only behind a minus sign
    malformed,     ///< `2nd`: an error, in `value`, unless it is part of a node id
    interpolated,  ///< `text ${expression} text`
    symbol
  };
  Kind kind = Kind::end;
  bool space_before = false;
  std::uint32_t begin = 0;  ///< byte offsets in the source
  std::uint32_t end = 0;
  std::string_view text;  ///< as written
  Value value;
  /// Of an interpolated string: texts (tokens with a literal) and expressions (token lists that end with `end`) in
  /// turn, beginning and ending with a text.
  std::vector<std::vector<Token>> parts;

  bool is(std::string_view symbol_or_keyword) const {
    return (kind == Kind::symbol || kind == Kind::word) && text == symbol_or_keyword;
  }
  bool is_word() const { return kind == Kind::word; }
};

/// A mistake at a byte of the source; becomes a Problem when it leaves the compiler.
struct SourceError {
  std::size_t offset = 0;
  std::string message;
  std::string hint;
};

struct TokenList {
  std::vector<Token> tokens;  ///< ends with Kind::end
  std::size_t end = 0;        ///< where reading stopped
};

/// Cuts source[begin..] into tokens. With `until_brace` it stops at the first `}` that closes nothing.
tl::expected<TokenList, SourceError> tokenize(std::string_view source, std::size_t begin, bool until_brace);

bool is_keyword(std::string_view word);
bool is_name_start(char c);
bool is_name_part(char c);

}  // namespace r8r::expr
