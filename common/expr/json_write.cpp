#include <charconv>
#include <cmath>
#include <limits>

#include "common/base/json_text.hpp"
#include "common/expr/json.hpp"
#include "common/expr/text.hpp"

namespace r8r::expr {
namespace {

bool is_plain_text(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    if (!is_plain_block(text.data() + at)) return false;
  }
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') return false;
  }
  return true;
}

void append_string(std::string& out, std::string_view text) {
  if (!is_plain_text(text)) return append_json_string(out, text);
  out += '"';
  out.append(text);
  out += '"';
}

void append_scalar(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::boolean:
      out += value.as_bool() ? "true" : "false";
      break;
    case Value::Kind::integer: {
      char digits[24];
      const auto end = std::to_chars(digits, digits + sizeof digits, value.as_int());
      out.append(digits, end.ptr);
      break;
    }
    case Value::Kind::number:
      append_number(out, value.as_float());
      break;
    case Value::Kind::string:
      append_string(out, value.as_string());
      break;
    default:
      out += "null";
  }
}

/// Levels that append_compact may go down on the call stack.
constexpr int kRecursion = 64;
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

bool append_pretty_or_deep(std::string& out, const Value& value, bool pretty, std::size_t limit);

/// The fast way for ordinary values. False, and stopped somewhere, when `out` has grown over `limit`.
bool append_compact(std::string& out, const Value& value, int depth, std::size_t limit) {
  if (value.is_array()) {
    if (depth == kRecursion) return append_pretty_or_deep(out, value, false, limit);
    out += '[';
    bool first = true;
    for (const Value& element : value.as_array()) {
      if (!first) out += ',';
      first = false;
      if (!append_compact(out, element, depth + 1, limit)) return false;
    }
    out += ']';
  } else if (value.is_map()) {
    if (depth == kRecursion) return append_pretty_or_deep(out, value, false, limit);
    out += '{';
    bool first = true;
    for (const Map::Entry& entry : value.as_map()) {
      if (!first) out += ',';
      first = false;
      append_string(out, entry.key());
      out += ':';
      if (!append_compact(out, entry.value, depth + 1, limit)) return false;
    }
    out += '}';
  } else {
    append_scalar(out, value);
  }
  return out.size() <= limit;
}

/// Writes without recursion: values may nest without bound.
class Writer {
 public:
  Writer(std::string& out, bool pretty, std::size_t limit) : out_(out), pretty_(pretty), limit_(limit) {}

  bool write(const Value& root) {
    open(root);
    while (!levels_.empty()) {
      if (out_.size() > limit_) return false;
      Level& level = levels_.back();
      const std::size_t size =
          level.container->is_array() ? level.container->as_array().size() : level.container->as_map().size();
      if (level.next == size) {
        const bool array = level.container->is_array();
        levels_.pop_back();
        if (size > 0) new_line();
        out_ += array ? ']' : '}';
        continue;
      }
      if (level.next > 0) out_ += ',';
      new_line();
      const std::size_t position = level.next++;
      if (level.container->is_array()) {
        open(level.container->as_array()[position]);
        continue;
      }
      const Map::Entry& entry = level.container->as_map().at(position);
      append_string(out_, entry.key());
      out_ += pretty_ ? ": " : ":";
      open(entry.value);
    }
    return out_.size() <= limit_;
  }

 private:
  struct Level {
    const Value* container;
    std::size_t next = 0;
  };

  void open(const Value& value) {
    if (value.is_array() || value.is_map()) {
      out_ += value.is_array() ? '[' : '{';
      levels_.push_back(Level{&value});
    } else {
      append_scalar(out_, value);
    }
  }

  void new_line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(levels_.size() * 2, ' ');
  }

  std::string& out_;
  bool pretty_;
  std::size_t limit_;
  std::vector<Level> levels_;
};

bool append_pretty_or_deep(std::string& out, const Value& value, bool pretty, std::size_t limit) {
  return Writer(out, pretty, limit).write(value);
}

}  // namespace

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  const std::string_view text(digits, static_cast<std::size_t>(end.ptr - digits));
  out.append(text);
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_json(std::string& out, const Value& value) {
  append_compact(out, value, 0, kNoLimit);
}

std::string to_json(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::optional<std::string> to_json_within(const Value& value, std::size_t limit) {
  std::string out;
  if (!append_compact(out, value, 0, limit)) return std::nullopt;
  return out;
}

std::string to_pretty_json(const Value& value) {
  std::string out;
  append_pretty_or_deep(out, value, true, kNoLimit);
  return out;
}

void append_rendered(std::string& out, const Value& value) {
  if (value.is_string()) {
    out.append(value.as_string());
  } else if (!value.is_null()) {
    append_json(out, value);
  }
}

}  // namespace r8r::expr
