#include "common/workflow/source_node.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace r8r::workflow {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_null_word(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_like_float(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > begin;
  };
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const bool whole = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits() && !whole) return false;
  } else if (!whole) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

double to_double(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) {
    // Too large or too small for a double; from_chars does not say which.
    const auto exponent = text.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos && text.substr(exponent + 1).starts_with('-');
    const double magnitude = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    return text.starts_with('-') ? -magnitude : magnitude;
  }
  return number;
}

expr::Value radix_value(std::string_view digits, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error == std::errc() && number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return expr::Value::integer(static_cast<std::int64_t>(number));
  }
  double sum = 0;
  for (const char c : digits) {
    const int digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
    sum = sum * base + digit;
  }
  return expr::Value::number(sum);
}

bool is_radix(std::string_view text, std::string_view prefix, std::string_view digits) {
  return text.size() > prefix.size() && text.starts_with(prefix) &&
         text.find_first_not_of(digits, prefix.size()) == std::string_view::npos;
}

// What a plain scalar means; nullopt: it is text.
std::optional<expr::Value> plain_value(std::string_view text) {
  if (is_null_word(text)) return expr::Value::null();
  if (text == "true" || text == "True" || text == "TRUE") return expr::Value::boolean(true);
  if (text == "false" || text == "False" || text == "FALSE") return expr::Value::boolean(false);
  const char first = text.front();
  if (!is_digit(first) && first != '-' && first != '+' && first != '.') return std::nullopt;
  if (is_radix(text, "0x", "0123456789abcdefABCDEF")) return radix_value(text.substr(2), 16);
  if (is_radix(text, "0o", "01234567")) return radix_value(text.substr(2), 8);
  const std::string_view unsigned_part = first == '-' || first == '+' ? text.substr(1) : text;
  if (all_digits(unsigned_part)) {
    std::int64_t number = 0;
    const std::string_view digits = first == '+' ? unsigned_part : text;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc()) return expr::Value::integer(number);
    return expr::Value::number(to_double(text));
  }
  if (looks_like_float(text)) return expr::Value::number(to_double(text));
  if (unsigned_part == ".inf" || unsigned_part == ".Inf" || unsigned_part == ".INF") {
    const double infinity = std::numeric_limits<double>::infinity();
    return expr::Value::number(first == '-' ? -infinity : infinity);
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return expr::Value::number(std::nan(""));
  return std::nullopt;
}

}  // namespace

bool SourceNode::is_string() const {
  if (kind != Kind::scalar) return false;
  return style != ScalarStyle::plain || forced_string || !plain_value(scalar).has_value();
}

const SourceNode* SourceNode::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text == key) return &children[i];
  }
  return nullptr;
}

std::string_view SourceNode::kind_name() const {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::sequence:
      return "a list";
    case Kind::map:
      return "a map";
    case Kind::scalar:
      break;
  }
  if (is_string()) return "a string";
  const expr::Value value = scalar_value(*this);
  if (value.is_bool()) return "a boolean";
  if (value.is_number()) return "a number";
  return "null";
}

expr::Value scalar_value(const SourceNode& node) {
  if (node.kind == SourceNode::Kind::null) return expr::Value::null();
  if (node.style == ScalarStyle::plain && !node.forced_string) {
    if (auto value = plain_value(node.scalar)) return *value;
  }
  return expr::Value::string(node.scalar);
}

bool holds_template(const SourceNode& node) {
  return node.is_scalar() && node.scalar.find("{{") != std::string::npos;
}

// Recursion is bounded by the readers' nesting limit.
expr::Value to_value(const SourceNode& node) {
  if (node.is_sequence()) {
    std::vector<expr::Value> items;
    items.reserve(node.children.size());
    for (const SourceNode& child : node.children) items.push_back(to_value(child));
    return expr::Value::array(std::move(items));
  }
  if (node.is_map()) {
    expr::Map map;
    for (std::size_t i = 0; i < node.children.size(); ++i) map.set(node.keys[i].text, to_value(node.children[i]));
    return expr::Value::map(std::move(map));
  }
  return scalar_value(node);
}

namespace {

// One step down, or nullptr.
const SourceNode* step_into(const SourceNode& node, std::string_view escaped) {
  std::string step;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] == '~' && i + 1 < escaped.size()) {
      step += escaped[++i] == '1' ? '/' : '~';
    } else {
      step += escaped[i];
    }
  }
  if (node.is_map()) return node.find(step);
  std::size_t index = node.children.size();
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool is_index = error == std::errc() && end == step.data() + step.size();
  return node.is_sequence() && is_index && index < node.children.size() ? &node.children[index] : nullptr;
}

// As far as the pointer leads; `rest` is what remains of it.
const SourceNode& follow(const SourceNode& root, std::string_view pointer, std::string_view& rest) {
  const SourceNode* node = &root;
  for (rest = pointer; rest.starts_with('/');) {
    const std::string_view step = rest.substr(1, rest.find('/', 1) - 1);
    const SourceNode* next = step_into(*node, step);
    if (next == nullptr) break;
    node = next;
    rest.remove_prefix(1 + step.size());
  }
  return *node;
}

}  // namespace

const SourceNode& at_pointer(const SourceNode& root, std::string_view pointer) {
  std::string_view rest;
  return follow(root, pointer, rest);
}

const SourceNode* find_pointer(const SourceNode& root, std::string_view pointer) {
  std::string_view rest;
  const SourceNode& node = follow(root, pointer, rest);
  return rest.empty() ? &node : nullptr;
}

}  // namespace r8r::workflow
