#include "common/workflow/json_path.hpp"

#include "common/expr/text.hpp"

namespace r8r::workflow {
namespace {

constexpr std::string_view kHint = "for example $.order.items[0].id";

bool ends_name(char c) {
  return c == '.' || c == '[' || c == ']';
}

}  // namespace

tl::expected<JsonPath, JsonPath::Problem> JsonPath::parse(std::string_view text) {
  JsonPath path;
  path.text_ = text;
  std::size_t at = 0;
  const auto problem = [&](std::string message, std::string_view hint = kHint) {
    const auto before = static_cast<int>(expr::count_characters(text.substr(0, at)));
    return tl::make_unexpected(Problem{before + 1, std::move(message), std::string(hint)});
  };
  if (text.empty()) return problem("the path is empty");
  if (text.front() == '$') ++at;
  while (at < text.size()) {
    if (text[at] != '[') {
      if (text[at] == '.') {
        ++at;
      } else if (at > 0) {
        return problem(fmt::format("'.' or '[' is expected, not '{}'", text.substr(at, 1)));
      }
      const std::size_t begin = at;
      while (at < text.size() && !ends_name(text[at])) ++at;
      const std::string_view name = text.substr(begin, at - begin);
      if (name.empty()) return problem("a name is expected here");
      at = name == "*" ? begin : at;
      if (name == "*") return problem("a path names one place: '*' is not allowed");
      path.steps_.emplace_back(std::string(name));
      continue;
    }
    const std::size_t begin = ++at;
    if (at < text.size() && (text[at] == '\'' || text[at] == '"')) {
      const std::size_t end = text.find(text[at], at + 1);
      if (end == std::string_view::npos) return problem("the quote is not closed");
      path.steps_.emplace_back(std::string(text.substr(at + 1, end - at - 1)));
      at = end + 1;
    } else {
      while (at < text.size() && text[at] != ']') ++at;
      const std::string index(text.substr(begin, at - begin));
      const std::size_t digits = index.starts_with('-') ? 1 : 0;
      constexpr std::size_t kMostDigits = 9;
      if (index.size() == digits || index.size() > digits + kMostDigits ||
          index.find_first_not_of("0123456789", digits) != std::string::npos) {
        at = begin;
        return problem("an index or a name in quotes is expected between '[' and ']'");
      }
      path.steps_.emplace_back(std::int64_t{std::stoll(index)});
    }
    if (at >= text.size() || text[at] != ']') return problem("']' is missing");
    ++at;
  }
  return path;
}

const expr::Value* JsonPath::find(const expr::Value& root) const {
  const expr::Value* value = &root;
  for (const Step& step : steps_) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      value = value->is_map() ? value->as_map().find(*name) : nullptr;
    } else {
      if (!value->is_array()) return nullptr;
      const auto size = static_cast<std::int64_t>(value->as_array().size());
      std::int64_t index = std::get<std::int64_t>(step);
      if (index < 0) index += size;
      value = index >= 0 && index < size ? &value->as_array()[static_cast<std::size_t>(index)] : nullptr;
    }
    if (value == nullptr) return nullptr;
  }
  return value;
}

}  // namespace r8r::workflow
