#include "services/api/json_scanner.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace r8r::api {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | point >> 6);
    out += static_cast<char>(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (point & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | point >> 18);
    out += static_cast<char>(0x80 | (point >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (point & 0x3f));
  }
}

class Scanner {
 public:
  Scanner(std::string_view text, int max_depth) : text_(text), max_depth_(max_depth) {}

  JsonScan run() {
    JsonScan scan;
    skip_space();
    const std::size_t begin = at_;
    if (at_ == text_.size()) {
      fail_at(at_, "the text is empty");
    } else if (value(0, scan.kind, &scan.fields)) {
      scan.value = text_.substr(begin, at_ - begin);
      skip_space();
      if (at_ != text_.size()) fail_at(at_, "more text after the end of the value");
    }
    scan.fault = std::move(fault_);
    return scan;
  }

 private:
  bool fail_at(std::size_t offset, std::string message) {
    fault_ = JsonFault{offset, std::move(message)};
    return false;
  }
  bool fail_here(std::string_view wanted) {
    if (at_ >= text_.size()) return fail_at(text_.size(), fmt::format("the text ends where {} should be", wanted));
    const char c = text_[at_];
    if (c > ' ' && c < 0x7f) return fail_at(at_, fmt::format("expected {}, found '{}'", wanted, c));
    return fail_at(at_, fmt::format("expected {}, found the byte 0x{:02x}", wanted, static_cast<unsigned char>(c)));
  }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool value(int depth, JsonKind& kind, std::vector<JsonField>* fields) {
    switch (peek()) {
      case '{':
        kind = JsonKind::object;
        return object(depth + 1, fields);
      case '[':
        kind = JsonKind::array;
        return array(depth + 1);
      case '"':
        kind = JsonKind::string;
        return string();
      case 't':
        kind = JsonKind::boolean;
        return word("true");
      case 'f':
        kind = JsonKind::boolean;
        return word("false");
      case 'n':
        kind = JsonKind::null;
        return word("null");
      default:
        kind = JsonKind::number;
        return number();
    }
  }

  bool too_deep(int depth) {
    if (depth <= max_depth_) return false;
    fail_at(at_, fmt::format("nested deeper than {} levels", max_depth_));
    return true;
  }

  bool object(int depth, std::vector<JsonField>* fields) {
    if (too_deep(depth)) return false;
    ++at_;
    skip_space();
    if (peek() == '}') {
      ++at_;
      return true;
    }
    while (true) {
      if (peek() != '"') return fail_here("a quoted name");
      const std::size_t key_begin = at_ + 1;
      if (!string()) return false;
      const std::size_t key_end = at_ - 1;
      skip_space();
      if (peek() != ':') return fail_here("':'");
      ++at_;
      skip_space();
      const std::size_t begin = at_;
      JsonKind kind{};
      if (!value(depth, kind, nullptr)) return false;
      if (fields)
        fields->push_back({text_.substr(key_begin, key_end - key_begin), text_.substr(begin, at_ - begin), kind});
      skip_space();
      if (peek() == '}') {
        ++at_;
        return true;
      }
      if (peek() != ',') return fail_here("',' or '}'");
      ++at_;
      skip_space();
    }
  }

  bool array(int depth) {
    if (too_deep(depth)) return false;
    ++at_;
    skip_space();
    if (peek() == ']') {
      ++at_;
      return true;
    }
    while (true) {
      JsonKind kind{};
      if (!value(depth, kind, nullptr)) return false;
      skip_space();
      if (peek() == ']') {
        ++at_;
        return true;
      }
      if (peek() != ',') return fail_here("',' or ']'");
      ++at_;
      skip_space();
    }
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return fail_here("a value");
    at_ += expected.size();
    return true;
  }

  bool number() {
    const std::size_t begin = at_;
    bool exponent = false;
    if (peek() == '-') ++at_;
    if (!is_digit(peek())) {
      if (at_ == begin) return fail_here("a value");
      return fail_here("a digit");
    }
    if (peek() == '0') {
      ++at_;
      if (is_digit(peek())) return fail_at(at_, "a number must not begin with 0");
    }
    while (is_digit(peek())) ++at_;
    if (peek() == '.') {
      ++at_;
      if (!is_digit(peek())) return fail_here("a digit");
      while (is_digit(peek())) ++at_;
    }
    if (peek() == 'e' || peek() == 'E') {
      exponent = true;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!is_digit(peek())) return fail_here("a digit");
      while (is_digit(peek())) ++at_;
    }
    if (exponent || at_ - begin > 300) {
      const std::string copy(text_.substr(begin, at_ - begin));
      if (std::isinf(std::strtod(copy.c_str(), nullptr))) return fail_at(begin, "a number is out of range");
    }
    return true;
  }

  bool string() {
    ++at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!escape()) return false;
      } else if (c < 0x20) {
        return fail_at(at_, fmt::format("the control character 0x{:02x} in a string must be escaped", c));
      } else if (c < 0x80) {
        ++at_;
      } else if (!utf8_sequence(c)) {
        return false;
      }
    }
    return fail_at(text_.size(), "the text ends within a string");
  }

  bool escape() {
    const std::size_t begin = at_++;
    switch (peek()) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        ++at_;
        return true;
      case 'u':
        break;
      default:
        return fail_at(begin, "unknown escape in a string");
    }
    int unit = 0;
    if (!hex4(unit)) return fail_at(begin, "\\u needs four hexadecimal digits");
    if (unit >= 0xdc00 && unit <= 0xdfff) return fail_at(begin, "a lone surrogate in a string");
    if (unit >= 0xd800 && unit <= 0xdbff) {
      int low = 0;
      if (text_.substr(at_, 2) != "\\u") return fail_at(begin, "a lone surrogate in a string");
      ++at_;
      if (!hex4(low) || low < 0xdc00 || low > 0xdfff) return fail_at(begin, "a lone surrogate in a string");
    }
    return true;
  }

  // Stands on the 'u'; afterwards behind the four digits.
  bool hex4(int& unit) {
    ++at_;
    if (at_ + 4 > text_.size()) return false;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_digit(text_[at_ + static_cast<std::size_t>(i)]);
      if (digit < 0) return false;
      unit = unit * 16 + digit;
    }
    at_ += 4;
    return true;
  }

  bool utf8_sequence(unsigned char lead) {
    const auto byte = [&](std::size_t i) {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : static_cast<unsigned char>(0);
    };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    std::size_t length = 0;
    if (lead >= 0xc2 && lead <= 0xdf) {
      length = continues(1) ? 2 : 0;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      const bool second = lead == 0xe0   ? byte(1) >= 0xa0 && byte(1) <= 0xbf
                          : lead == 0xed ? byte(1) >= 0x80 && byte(1) <= 0x9f
                                         : continues(1);
      length = second && continues(2) ? 3 : 0;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      const bool second = lead == 0xf0   ? byte(1) >= 0x90 && byte(1) <= 0xbf
                          : lead == 0xf4 ? byte(1) >= 0x80 && byte(1) <= 0x8f
                                         : continues(1);
      length = second && continues(2) && continues(3) ? 4 : 0;
    }
    if (length == 0) return fail_at(at_, "a string is not valid UTF-8");
    at_ += length;
    return true;
  }

  std::string_view text_;
  int max_depth_;
  std::size_t at_ = 0;
  std::optional<JsonFault> fault_;
};

}  // namespace

JsonScan scan_json(std::string_view text, int max_depth) {
  return Scanner(text, max_depth).run();
}

std::string unescape_json(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      out += text[i];
      continue;
    }
    const auto unit_at = [&](std::size_t from) {
      std::uint32_t unit = 0;
      for (std::size_t k = from; k < from + 4 && k < text.size(); ++k)
        unit = unit * 16 + static_cast<std::uint32_t>(hex_digit(text[k]));
      return unit;
    };
    switch (text[++i]) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        std::uint32_t point = unit_at(i + 1);
        i += 4;
        if (point >= 0xd800 && point <= 0xdbff) {
          point = 0x10000 + ((point - 0xd800) << 10) + (unit_at(i + 3) - 0xdc00);
          i += 6;
        }
        append_utf8(out, point);
        break;
      }
      default:
        out += text[i];
    }
  }
  return out;
}

TextPosition position_of(std::string_view text, std::size_t offset) {
  TextPosition position;
  for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++position.line;
      position.column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
      ++position.column;
    }
  }
  return position;
}

}  // namespace r8r::api
