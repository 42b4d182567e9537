#include "common/bus/json_scan.hpp"

#include <cstring>
#include <string>

namespace r8r::bus {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool complete() {
    for (;;) {
      bool opened = false;
      if (!value(opened)) return false;
      if (opened) continue;
      bool finished = false;
      if (!after_value(finished)) return false;
      if (finished) return true;
    }
  }

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  // `opened`: a container with content has begun and its first value comes next.
  bool value(bool& opened) {
    skip_space();
    if (at_ == end_) return false;
    switch (*at_) {
      case '{':
        ++at_;
        skip_space();
        if (at_ != end_ && *at_ == '}') return ++at_, true;
        open_.push_back('}');
        opened = true;
        return key();
      case '[':
        ++at_;
        skip_space();
        if (at_ != end_ && *at_ == ']') return ++at_, true;
        open_.push_back(']');
        opened = true;
        return true;
      case '"':
        return string();
      case 't':
        return literal("true");
      case 'f':
        return literal("false");
      case 'n':
        return literal("null");
      default:
        return number();
    }
  }

  // Closes what ends here; `finished` when that was everything.
  bool after_value(bool& finished) {
    for (;;) {
      skip_space();
      if (open_.empty()) {
        finished = true;
        return at_ == end_;
      }
      if (at_ == end_) return false;
      const char c = *at_++;
      if (c == ',') return open_.back() == ']' || key();
      if (c != open_.back()) return false;
      open_.pop_back();
    }
  }

  bool key() {
    skip_space();
    if (at_ == end_ || *at_ != '"' || !string()) return false;
    skip_space();
    return at_ != end_ && *at_++ == ':';
  }

  bool string() {
    ++at_;
    while (at_ != end_) {
      const auto c = static_cast<unsigned char>(*at_++);
      if (c == '"') return true;
      if (c < 0x20) return false;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }

  bool escape() {
    if (at_ == end_) return false;
    const char c = *at_++;
    if (c != 'u') return c != '\0' && std::strchr("\"\\/bfnrt", c) != nullptr;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ == end_ || std::strchr("0123456789abcdefABCDEF", *at_) == nullptr || *at_ == '\0') return false;
    }
    return true;
  }

  bool literal(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0)
      return false;
    at_ += word.size();
    return true;
  }

  bool digits() {
    const char* const from = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ != from;
  }

  bool number() {
    if (*at_ == '-') ++at_;
    if (at_ != end_ && *at_ == '0') {
      ++at_;
    } else if (!digits()) {
      return false;
    }
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!digits()) return false;
    }
    return true;
  }

  const char* at_;
  const char* end_;
  std::string open_;  // the closing brackets still owed, innermost last
};

}  // namespace

bool is_complete_json(std::string_view text) {
  return Scanner(text).complete();
}

}  // namespace r8r::bus
