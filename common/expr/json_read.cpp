#include <charconv>
#include <cmath>
#include <cstring>

#include "common/base/json_text.hpp"
#include "common/expr/json.hpp"
#include "common/expr/text.hpp"

namespace r8r::expr {
namespace {

/// Keys repeat from object to object: the text of recent ones is shared.
class KeyCache {
 public:
  const Value& share(std::string_view key) {
    const std::uint32_t hash = Map::hash_of(key);
    Value& slot = slots_[hash % slots_.size()];
    if (!slot.is_string() || slot.as_string() != key) {
      slot = Value::string(key);
      slot.string_cell()->hash = hash;
    }
    return slot;
  }

 private:
  std::array<Value, 64> slots_;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// One pass over the text that builds the values as it goes. Recursion is bounded by max_depth.
class Reader {
 public:
  Reader(std::string_view text, int max_depth)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), max_depth_(max_depth) {}

  Result<Value> read_document() {
    Value value;
    skip_space();
    if (at_ == end_) {
      fail("the text is empty");
    } else if (read(value, 1)) {
      skip_space();
      if (at_ != end_) fail("something follows the JSON value");
    }
    if (problem_ == nullptr) return value;
    const Position place =
        position_of({begin_, static_cast<std::size_t>(end_ - begin_)}, static_cast<std::size_t>(problem_at_ - begin_));
    return r8r::fail(ErrorCode::invalid_request,
                     fmt::format("invalid JSON: {} (line {}, column {})", problem_, place.line, place.column));
  }

 private:
  bool fail(const char* problem) { return fail_at(at_, problem); }
  bool fail_at(const char* at, const char* problem) {
    problem_at_ = at;
    problem_ = problem;
    return false;
  }

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  bool read(Value& out, int depth) {
    if (at_ == end_) return fail("the text ends where a value is expected");
    switch (*at_) {
      case '{':
        return read_object(out, depth);
      case '[':
        return read_array(out, depth);
      case '"': {
        std::string_view text;
        if (!read_string(text)) return false;
        out = Value::string(text);
        return true;
      }
      case 't':
        out = Value::boolean(true);
        return read_word("true");
      case 'f':
        out = Value::boolean(false);
        return read_word("false");
      case 'n':
        out = Value();
        return read_word("null");
      default:
        return read_number(out);
    }
  }

  bool read_word(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0) {
      return fail("not a JSON value");
    }
    at_ += word.size();
    return true;
  }

  bool read_array(Value& out, int depth) {
    if (depth > max_depth_) return fail("nested too deeply");
    ++at_;
    skip_space();
    if (at_ != end_ && *at_ == ']') {
      ++at_;
      out = Value::array({});
      return true;
    }
    // Elements gather on one stack for all levels, so that each array is allocated once, at its size.
    const std::size_t first = elements_.size();
    while (true) {
      Value element;
      if (!read(element, depth + 1)) return false;
      elements_.push_back(std::move(element));
      skip_space();
      if (at_ == end_) return fail("an array is not closed");
      const char next = *at_;
      if (next != ',' && next != ']') return fail("expected ',' or ']' in an array");
      ++at_;
      if (next == ']') break;
      skip_space();
    }
    const auto begin = std::make_move_iterator(elements_.begin() + static_cast<std::ptrdiff_t>(first));
    out = Value::array(std::vector<Value>(begin, std::make_move_iterator(elements_.end())));
    elements_.resize(first);
    return true;
  }

  bool read_object(Value& out, int depth) {
    if (depth > max_depth_) return fail("nested too deeply");
    ++at_;
    skip_space();
    if (at_ != end_ && *at_ == '}') {
      ++at_;
      out = Value::map({});
      return true;
    }
    const std::size_t first = entries_.size();
    while (true) {
      if (at_ == end_) return fail("an object is not closed");
      if (*at_ != '"') return fail("expected a key in double quotes");
      std::string_view key;
      if (!read_string(key)) return false;
      Value name = keys_.share(key);
      skip_space();
      if (at_ == end_ || *at_ != ':') return fail("expected ':' after a key");
      ++at_;
      skip_space();
      Value content;
      if (!read(content, depth + 1)) return false;
      const std::uint32_t hash = Map::hash_of(name);
      entries_.push_back(Map::Entry{std::move(name), std::move(content), hash});
      skip_space();
      if (at_ == end_) return fail("an object is not closed");
      const char next = *at_;
      if (next != ',' && next != '}') return fail("expected ',' or '}' in an object");
      ++at_;
      if (next == '}') break;
      skip_space();
    }
    out = Value::map(Map::of(entries_.data() + first, entries_.data() + entries_.size()));
    entries_.resize(first);
    return true;
  }

  bool read_number(Value& out) {
    const char* const start = at_;
    const char* scan = at_;
    if (*scan == '-') ++scan;
    const char* const first = scan;
    while (scan != end_ && is_digit(*scan)) ++scan;
    if (scan == first) return fail("not a JSON value");
    if (*first == '0' && scan - first > 1) return fail("a number with a leading zero");
    bool integral = true;
    if (scan != end_ && *scan == '.') {
      integral = false;
      const char* const fraction = ++scan;
      while (scan != end_ && is_digit(*scan)) ++scan;
      if (scan == fraction) return fail("a number without digits after the point");
    }
    bool negative_exponent = false;
    if (scan != end_ && (*scan == 'e' || *scan == 'E')) {
      integral = false;
      ++scan;
      if (scan != end_ && (*scan == '+' || *scan == '-')) negative_exponent = *scan++ == '-';
      const char* const exponent = scan;
      while (scan != end_ && is_digit(*scan)) ++scan;
      if (scan == exponent) return fail("a number without digits in the exponent");
    }
    at_ = scan;
    if (integral) {
      std::int64_t integer = 0;
      if (std::from_chars(start, scan, integer).ec == std::errc()) {
        out = Value::integer(integer);
        return true;
      }
    }
    double number = 0;
    if (std::from_chars(start, scan, number).ec != std::errc()) {
      // Out of range: what is too small is zero, and there is no infinity in JSON.
      if (!negative_exponent && *first != '0') return fail_at(start, "a number outside the range of a float");
      number = 0;
    }
    out = Value::number(number);
    return true;
  }

  /// The text between quotes; valid until the next call.
  bool read_string(std::string_view& out) {
    const char* const start = ++at_;
    const char* scan = start;
    bool ascii = true;
    while (true) {
      while (end_ - scan >= 8 && is_plain_block(scan)) scan += 8;
      if (scan == end_) return fail_at(start - 1, "a string is not closed");
      const auto byte = static_cast<unsigned char>(*scan);
      if (byte == '"') break;
      if (byte == '\\') return read_escaped(start, scan, ascii, out);
      if (byte < 0x20) return fail_at(scan, "a control character inside a string");
      ascii &= byte < 0x80;
      ++scan;
    }
    out = {start, static_cast<std::size_t>(scan - start)};
    at_ = scan + 1;
    return ascii || is_valid_utf8(out) || fail_at(start, "a string that is not valid UTF-8");
  }

  bool read_escaped(const char* start, const char* scan, bool ascii, std::string_view& out) {
    buffer_.assign(start, scan);
    while (true) {
      if (scan == end_) return fail_at(start - 1, "a string is not closed");
      const auto byte = static_cast<unsigned char>(*scan);
      if (byte == '"') break;
      if (byte < 0x20) return fail_at(scan, "a control character inside a string");
      ascii &= byte < 0x80;
      if (byte != '\\') {
        buffer_ += *scan++;
        continue;
      }
      const char* const escape = scan++;
      if (scan == end_) return fail_at(start - 1, "a string is not closed");
      switch (*scan++) {
        case '"':
          buffer_ += '"';
          break;
        case '\\':
          buffer_ += '\\';
          break;
        case '/':
          buffer_ += '/';
          break;
        case 'b':
          buffer_ += '\b';
          break;
        case 'f':
          buffer_ += '\f';
          break;
        case 'n':
          buffer_ += '\n';
          break;
        case 'r':
          buffer_ += '\r';
          break;
        case 't':
          buffer_ += '\t';
          break;
        case 'u': {
          std::uint32_t code = 0;
          if (!read_hex4(scan, code)) return fail_at(escape, "a malformed \\u escape");
          if (code >= 0xd800 && code <= 0xdbff && end_ - scan >= 2 && scan[0] == '\\' && scan[1] == 'u') {
            scan += 2;
            std::uint32_t low = 0;
            if (!read_hex4(scan, low)) return fail_at(escape, "a malformed \\u escape");
            if (low < 0xdc00 || low > 0xdfff) return fail_at(escape, "half of a surrogate pair");
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          } else if (code >= 0xd800 && code <= 0xdfff) {
            return fail_at(escape, "half of a surrogate pair");
          }
          append_code_point(buffer_, code);
          break;
        }
        default:
          return fail_at(escape, "an unknown escape in a string");
      }
    }
    at_ = scan + 1;
    out = buffer_;
    return ascii || is_valid_utf8(out) || fail_at(start, "a string that is not valid UTF-8");
  }

  bool read_hex4(const char*& scan, std::uint32_t& code) const {
    if (end_ - scan < 4) return false;
    const auto result = std::from_chars(scan, scan + 4, code, 16);
    if (result.ec != std::errc() || result.ptr != scan + 4) return false;
    scan += 4;
    return true;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  int max_depth_;
  const char* problem_at_ = nullptr;
  const char* problem_ = nullptr;
  KeyCache keys_;
  std::string buffer_;
  std::vector<Value> elements_;
  std::vector<Map::Entry> entries_;
};

}  // namespace

Result<Value> parse_json(std::string_view text, int max_depth) {
  return Reader(text, max_depth).read_document();
}

}  // namespace r8r::expr
