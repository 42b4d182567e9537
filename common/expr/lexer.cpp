#include <charconv>
#include <limits>

#include "common/base/json_text.hpp"
#include "common/expr/text.hpp"
#include "common/expr/token.hpp"

namespace r8r::expr {
namespace {

/// `a${`b${…}`}` and brackets of one token list inside another.
constexpr int kMaxNesting = 32;
constexpr std::size_t kMaxTokens = 200'000;

// Longest first.
constexpr std::string_view kSymbols[] = {
    "===", "!==", "**=", "<<=", ">>=", "?\?=", "..=", "#{", "?.", "?[", "=>", "==", "!=", "<=", ">=", "&&", "||", "??",
    "**",  "<<",  ">>",  "+=",  "-=",  "*=",   "/=",  "%=", "&=", "|=", "^=", "..", "+",  "-",  "*",  "/",  "%",  "<",
    ">",   "=",   "!",   "&",   "|",   "^",    "(",   ")",  "[",  "]",  "{",  "}",  ",",  ";",  ":",  ".",  "?"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

class Lexer {
 public:
  Lexer(std::string_view source, std::size_t at, int nesting) : source_(source), at_(at), nesting_(nesting) {}

  tl::expected<TokenList, SourceError> run(bool until_brace) {
    TokenList list;
    int open_braces = 0;
    while (true) {
      const std::size_t before = at_;
      if (!skip_space()) return error();
      Token token;
      token.space_before = at_ > before || list.tokens.empty();
      token.begin = static_cast<std::uint32_t>(at_);
      if (at_ == source_.size() || (until_brace && source_[at_] == '}' && open_braces == 0)) {
        token.end = token.begin;
        list.tokens.push_back(std::move(token));
        list.end = at_;
        return list;
      }
      if (list.tokens.size() >= kMaxTokens) {
        fail(at_, "the text is too long");
        return error();
      }
      if (!read(token)) return error();
      token.end = static_cast<std::uint32_t>(at_);
      token.text = source_.substr(token.begin, at_ - token.begin);
      if (token.kind == Token::Kind::symbol) {
        if (token.text == "{" || token.text == "#{") ++open_braces;
        if (token.text == "}") --open_braces;
      }
      list.tokens.push_back(std::move(token));
    }
  }

 private:
  tl::unexpected<SourceError> error() { return tl::make_unexpected(std::move(error_)); }
  bool fail(std::size_t offset, std::string message, std::string hint = {}) {
    error_ = SourceError{offset, std::move(message), std::move(hint)};
    return false;
  }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }
  bool starts(std::string_view text) const { return source_.substr(at_).starts_with(text); }

  bool skip_space() {
    while (at_ < source_.size()) {
      if (starts("//")) {
        while (at_ < source_.size() && source_[at_] != '\n') ++at_;
      } else if (starts("/*")) {
        if (!skip_comment()) return false;
      } else {
        std::size_t next = at_;
        if (!is_white_space(next_code_point(source_, next)) && !starts("\xef\xbb\xbf")) return true;
        at_ = starts("\xef\xbb\xbf") ? at_ + 3 : next;
      }
    }
    return true;
  }

  bool skip_comment() {
    const std::size_t start = at_;
    int depth = 0;
    while (at_ < source_.size()) {
      if (starts("/*")) {
        ++depth;
        at_ += 2;
      } else if (starts("*/")) {
        at_ += 2;
        if (--depth == 0) return true;
      } else {
        ++at_;
      }
    }
    return fail(start, "this comment is not closed");
  }

  bool read(Token& token) {
    const char c = peek();
    if (is_digit(c)) return read_number(token);
    if (c == '"' || c == '\'') return read_string(token, c);
    if (c == '`') return read_interpolated(token);
    if (is_name_start(c)) {
      token.kind = Token::Kind::word;
      ++at_;
      while (is_name_part(peek())) ++at_;
      return true;
    }
    token.kind = Token::Kind::symbol;
    // `!in` is one operator; `!input` is not.
    if (starts("!in") && !is_name_part(peek(3))) {
      at_ += 3;
      return true;
    }
    for (const std::string_view symbol : kSymbols) {
      if (!starts(symbol)) continue;
      if (symbol == "===" || symbol == "!==") {
        return fail(at_, "there is no operator '" + std::string(symbol) + "'",
                    "use '" + std::string(symbol.substr(0, 2)) + "'");
      }
      // `c ?[1] : 2` is a choice, `c?[1]` an index; `c ?.5` never begins a number here.
      if (symbol == "?[" && at_ > 0 && is_white_space(static_cast<unsigned char>(source_[at_ - 1]))) continue;
      at_ += symbol.size();
      return true;
    }
    std::size_t next = at_;
    next_code_point(source_, next);
    const std::string_view character = source_.substr(at_, next - at_);
    if (static_cast<unsigned char>(c) < 0x20 || !is_valid_utf8(character)) return fail(at_, "unexpected byte");
    return fail(at_, "unexpected character '" + std::string(character) + "'");
  }

  bool read_number(Token& token) {
    token.kind = Token::Kind::literal;
    const std::size_t start = at_;
    int radix = 10;
    if (peek() == '0') {
      const char mark = peek(1);
      if (mark == 'x' || mark == 'X') radix = 16;
      if (mark == 'b' || mark == 'B') radix = 2;
      if (mark == 'o' || mark == 'O') radix = 8;
    }
    std::string digits;
    if (radix != 10) {
      at_ += 2;
      while (is_hex(peek()) || peek() == '_') take_digit(digits);
      // The bits of all 64: 0xffffffffffffffff is -1.
      std::uint64_t bits = 0;
      const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), bits, radix);
      if (digits.empty() || result.ptr != digits.data() + digits.size()) return malformed(token);
      if (is_name_part(peek())) return malformed(token);
      if (result.ec != std::errc()) return fail(start, "an integer of more than 64 bits");
      token.value = Value::integer(static_cast<std::int64_t>(bits));
      return true;
    }
    while (is_digit(peek()) || peek() == '_') take_digit(digits);
    bool fraction = false;
    if (peek() == '.' && is_digit(peek(1))) {
      fraction = true;
      take_digit(digits);
      while (is_digit(peek()) || peek() == '_') take_digit(digits);
    }
    const bool sign = peek(1) == '+' || peek(1) == '-';
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(sign ? 2 : 1))) {
      fraction = true;
      take_digit(digits);
      take_digit(digits);
      while (is_digit(peek()) || peek() == '_') take_digit(digits);
    }
    if (is_name_part(peek())) return malformed(token);
    const char* const end = digits.data() + digits.size();
    if (fraction) {
      double number = 0;
      if (std::from_chars(digits.data(), end, number).ec != std::errc())
        return fail(start, "a number outside the range of a float");
      token.value = Value::number(number);
      return true;
    }
    std::int64_t integer = 0;
    if (std::from_chars(digits.data(), end, integer).ec == std::errc()) {
      token.value = Value::integer(integer);
      return true;
    }
    std::uint64_t large = 0;
    if (std::from_chars(digits.data(), end, large).ec != std::errc() || large != std::uint64_t{1} << 63) {
      return fail(start, "an integer outside the range of 64 bits", "write it with a fraction to make it a float");
    }
    token.kind = Token::Kind::big;
    return true;
  }
  bool malformed(Token& token) {
    while (is_name_part(peek())) ++at_;
    token.kind = Token::Kind::malformed;
    token.value = Value::string("a malformed number");
    return true;
  }
  void take_digit(std::string& digits) {
    if (peek() != '_') digits += peek();
    ++at_;
  }

  bool read_string(Token& token, char quote) {
    token.kind = Token::Kind::literal;
    const std::size_t start = at_++;
    std::string text;
    while (true) {
      if (at_ == source_.size() || peek() == '\n')
        return fail(start, "this string is not closed", "use `…` for text of several lines");
      const char c = peek();
      if (c == quote) break;
      if (c == '\\') {
        if (!read_escape(text)) return false;
        continue;
      }
      text += c;
      ++at_;
    }
    ++at_;
    if (!is_valid_utf8(text)) return fail(start, "this string is not valid UTF-8");
    token.value = Value::string(text);
    return true;
  }

  bool read_escape(std::string& text) {
    const std::size_t start = at_++;
    const char c = peek();
    ++at_;
    switch (c) {
      case 'n':
        text += '\n';
        return true;
      case 't':
        text += '\t';
        return true;
      case 'r':
        text += '\r';
        return true;
      case 'b':
        text += '\b';
        return true;
      case 'f':
        text += '\f';
        return true;
      case '0':
        text += '\0';
        return true;
      case '\\':
      case '"':
      case '\'':
      case '`':
      case '/':
      case '$':
      case '{':
      case '}':
        text += c;
        return true;
      case '\r':
        if (peek() == '\n') ++at_;
        [[fallthrough]];
      case '\n':  // the string goes on in the next line, behind its indentation
        while (peek() == ' ' || peek() == '\t') ++at_;
        return true;
      case 'x':
        return read_code(start, 2, text);
      case 'u':
        return read_code(start, 4, text);
      case 'U':
        return read_code(start, 8, text);
      default:
        return fail(start, "an unknown escape in a string", "write \\\\ for a backslash");
    }
  }

  bool read_code(std::size_t start, std::size_t digits, std::string& text) {
    std::string hex;
    if (peek() == '{') {
      ++at_;
      while (is_hex(peek())) hex += source_[at_++];
      if (peek() != '}') return fail(start, "a malformed escape in a string");
      ++at_;
    } else {
      while (hex.size() < digits && is_hex(peek())) hex += source_[at_++];
      if (hex.size() < digits) return fail(start, "a malformed escape in a string");
    }
    std::uint32_t code = 0;
    const auto result = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    if (result.ec != std::errc() || hex.empty() || code > 0x10ffff)
      return fail(start, "not a character: the escape is out of range");
    if (code >= 0xd800 && code <= 0xdbff && starts("\\u")) {
      // A pair of surrogates as JSON writes it.
      std::uint32_t low = 0;
      const std::string pair(source_.substr(at_ + 2, 4));
      const auto second = std::from_chars(pair.data(), pair.data() + pair.size(), low, 16);
      if (second.ptr == pair.data() + 4 && low >= 0xdc00 && low <= 0xdfff) {
        at_ += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      }
    }
    if (code >= 0xd800 && code <= 0xdfff) return fail(start, "not a character: half of a surrogate pair");
    append_code_point(text, code);
    return true;
  }

  /// As in Rhai, a backslash means nothing here.
  bool read_interpolated(Token& token) {
    token.kind = Token::Kind::interpolated;
    const std::size_t start = at_++;
    if (nesting_ >= kMaxNesting) return fail(start, "nested too deeply");
    // A line break right behind the opening mark is not part of the text.
    if (starts("\r\n")) {
      at_ += 2;
    } else if (peek() == '\n') {
      ++at_;
    }
    std::string text;
    const auto finish_text = [&] {
      Token piece;
      piece.kind = Token::Kind::literal;
      piece.value = Value::string(text);
      token.parts.push_back({std::move(piece)});
      text.clear();
    };
    while (true) {
      if (at_ == source_.size()) return fail(start, "this string is not closed");
      const char c = peek();
      if (c == '`') {
        // Two of them are one inside the text.
        if (peek(1) != '`') break;
        text += '`';
        at_ += 2;
      } else if (c == '$' && peek(1) == '{') {
        finish_text();
        const std::size_t opening = at_;
        auto inner = Lexer(source_, at_ + 2, nesting_ + 1).run(true);
        if (!inner) {
          error_ = std::move(inner.error());
          return false;
        }
        if (inner->end == source_.size()) return fail(opening, "'${' is not closed");
        at_ = inner->end + 1;
        token.parts.push_back(std::move(inner->tokens));
      } else {
        text += c;
        ++at_;
      }
    }
    ++at_;
    if (!is_valid_utf8(source_.substr(start, at_ - start))) return fail(start, "this string is not valid UTF-8");
    finish_text();
    return true;
  }

  std::string_view source_;
  std::size_t at_;
  int nesting_;
  SourceError error_;
};

}  // namespace

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c);
}

bool is_keyword(std::string_view word) {
  static constexpr std::string_view kWords[] = {"let", "const", "if",    "else",     "switch", "while",  "loop",
                                                "do",  "until", "for",   "in",       "fn",     "return", "throw",
                                                "try", "catch", "break", "continue", "true",   "false",  "null"};
  for (const std::string_view keyword : kWords) {
    if (word == keyword) return true;
  }
  return false;
}

tl::expected<TokenList, SourceError> tokenize(std::string_view source, std::size_t begin, bool until_brace) {
  return Lexer(source, begin, 0).run(until_brace);
}

}  // namespace r8r::expr
