#include "cli/offline/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "common/expr/json.hpp"

namespace r8r::offline {
namespace {

using expr::Value;

constexpr std::size_t kMaxDifferences = 20;
constexpr std::size_t kMaxShown = 400;

std::string shown(const Value& value) {
  std::string text = expr::to_json(value);
  if (text.size() <= kMaxShown) return text;
  std::size_t end = kMaxShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return fmt::format("{}… ({} bytes)", text.substr(0, end), text.size());
}

std::string key_path(const std::string& path, std::string_view key) {
  const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  if (plain) return fmt::format("{}.{}", path, key);
  return fmt::format("{}[{}]", path, expr::to_json(Value::string(key)));
}

class Comparison {
 public:
  Comparison(CompareRules rules, std::vector<Difference>& found) : rules_(rules), found_(found) {}

  void values(const std::string& path, const Value& expected, const Value& got) {
    if (full()) return;
    if (expected.is_map() && got.is_map()) {
      maps(path, expected.as_map(), got.as_map());
    } else if (expected.is_array() && got.is_array()) {
      arrays(path, expected.as_array(), got.as_array());
    } else if (expected != got || (rules_.exact_numbers && expected.kind() != got.kind())) {
      found_.push_back({path, shown(expected), shown(got)});
    }
  }

 private:
  bool full() const { return found_.size() >= kMaxDifferences; }

  void maps(const std::string& path, const expr::Map& expected, const expr::Map& got) {
    for (const auto& [key, value] : expected) {
      if (full()) return;
      if (const Value* other = got.find(key)) {
        values(key_path(path, key), value, *other);
      } else {
        found_.push_back({key_path(path, key), shown(value), "nothing"});
      }
    }
    if (rules_.extra_keys) return;
    for (const auto& [key, value] : got) {
      if (full()) return;
      if (!expected.contains(key)) found_.push_back({key_path(path, key), "nothing", shown(value)});
    }
  }

  void arrays(const std::string& path, const std::vector<Value>& expected, const std::vector<Value>& got) {
    if (expected.size() != got.size())
      found_.push_back({path, fmt::format("{} elements", expected.size()), fmt::format("{} elements", got.size())});
    const std::size_t common = std::min(expected.size(), got.size());
    for (std::size_t i = 0; i < common; ++i) values(fmt::format("{}[{}]", path, i), expected[i], got[i]);
    for (std::size_t i = common; i < expected.size() && !full(); ++i)
      found_.push_back({fmt::format("{}[{}]", path, i), shown(expected[i]), "nothing"});
    for (std::size_t i = common; i < got.size() && !full(); ++i)
      found_.push_back({fmt::format("{}[{}]", path, i), "nothing", shown(got[i])});
  }

  CompareRules rules_;
  std::vector<Difference>& found_;
};

}  // namespace

std::vector<Difference> compare(std::string_view path, const Value& expected, const Value& got, CompareRules rules) {
  std::vector<Difference> found;
  Comparison(rules, found).values(std::string(path), expected, got);
  return found;
}

std::string to_text(const Difference& difference, std::string_view indent) {
  return fmt::format("{0}{1}\n{0}  expected: {2}\n{0}  got:      {3}\n", indent, difference.path, difference.expected,
                     difference.got);
}

}  // namespace r8r::offline
