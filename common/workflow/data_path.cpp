#include "common/workflow/data_path.hpp"

#include <charconv>

#include "common/expr/json.hpp"
#include "common/expr/text.hpp"

namespace r8r::workflow {
namespace {

using expr::Value;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '$' || (static_cast<unsigned char>(c) & 0x80) != 0;
}

// The keys of a.b[0]["c d"]; nothing when the text is not of that form.
std::optional<std::vector<std::string>> split_path(std::string_view text) {
  std::vector<std::string> keys;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '[') {
      ++at;
      const char quote = at < text.size() && (text[at] == '"' || text[at] == '\'') ? text[at] : '\0';
      if (quote != '\0') ++at;
      const std::size_t end = quote != '\0' ? text.find(quote, at) : text.find(']', at);
      if (end == std::string_view::npos || end == at) return std::nullopt;
      keys.emplace_back(text.substr(at, end - at));
      at = quote != '\0' ? end + 1 : end;
      if (quote == '\0' && keys.back().find_first_not_of("-0123456789") != std::string::npos) return std::nullopt;
      if (at >= text.size() || text[at] != ']') return std::nullopt;
      ++at;
    } else {
      if (!keys.empty() && text[at++] != '.') return std::nullopt;
      const std::size_t begin = at;
      while (at < text.size() && is_name_character(text[at])) ++at;
      if (at == begin) return std::nullopt;
      keys.emplace_back(text.substr(begin, at - begin));
    }
  }
  return keys.empty() ? std::nullopt : std::optional(std::move(keys));
}

// What is between the braces, when the whole is in one pair of them.
std::string_view inside_braces(std::string_view text, bool& braced) {
  text = expr::trim(text);
  braced = text.size() >= 4 && text.starts_with("{{") && text.ends_with("}}") && text.find("}}") == text.size() - 2 &&
           text.find("{{", 2) == std::string_view::npos;
  return braced ? expr::trim(text.substr(2, text.size() - 4)) : text;
}

bool is_root(std::string_view name) {
  constexpr std::string_view kRoots[] = {"input", "data", "nodes", "variables", "env", "execution"};
  return std::find(std::begin(kRoots), std::end(kRoots), name) != std::end(kRoots);
}

bool is_node(std::string_view name, const std::vector<std::string>& ids) {
  return std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
    return id.size() == name.size() && std::equal(id.begin(), id.end(), name.begin(),
                                                  [](char a, char b) { return a == b || (a == '-' && b == '_'); });
  });
}

}  // namespace

FieldPath FieldPath::parse(std::string_view text) {
  bool braced = false;
  text = inside_braces(text, braced);
  FieldPath path;
  path.text_ = text;
  if (text.empty() || text == ".") return path;
  auto keys = split_path(text);
  if (!keys) keys = std::vector<std::string>{std::string(text)};
  for (std::string& key : *keys) {
    Step step;
    std::int64_t index = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
    if (error == std::errc() && end == key.data() + key.size()) step.index = index;
    step.hash = expr::Map::hash_of(key);
    step.key = std::move(key);
    path.steps_.push_back(std::move(step));
  }
  if (path.steps_.size() > 1) path.text_hash_ = expr::Map::hash_of(text);
  return path;
}

const Value* FieldPath::walk(const Value& from, const std::vector<Step>& steps, std::size_t first) {
  const Value* at = &from;
  for (std::size_t i = first; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (at->is_map()) {
      at = at->as_map().find(step.key, step.hash);
      if (at == nullptr) return nullptr;
    } else if (at->is_array() && step.index) {
      const std::vector<Value>& elements = at->as_array();
      const auto size = static_cast<std::int64_t>(elements.size());
      const std::int64_t index = *step.index < 0 ? *step.index + size : *step.index;
      if (index < 0 || index >= size) return nullptr;
      at = &elements[static_cast<std::size_t>(index)];
    } else {
      return nullptr;
    }
  }
  return at;
}

const Value* FieldPath::find(const Value& item) const {
  if (steps_.empty()) return &item;
  if (text_hash_ != 0 && item.is_map()) {
    if (const Value* whole = item.as_map().find(text_, text_hash_)) return whole;
  }
  const Step& first = steps_.front();
  if (first.key == "item" && !(item.is_map() && item.as_map().find(first.key, first.hash) != nullptr))
    return walk(item, steps_, 1);
  return walk(item, steps_, 0);
}

PathExpression path_expression(std::string_view written, const std::vector<std::string>& node_ids) {
  bool braced = false;
  const std::string_view text = inside_braces(written, braced);
  const auto keys = split_path(text);
  const bool absolute = !keys || is_root(keys->front()) || (braced && is_node(keys->front(), node_ids));
  if (absolute) {
    if (braced) return {std::string(written), 0, true};
    return {fmt::format("{{{{{}}}}}", written), 2, true};
  }
  std::string relative = "{{ input";
  for (const std::string& key : *keys) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    const bool is_index = key.find_first_not_of("0123456789") == std::string::npos;
    const bool is_plain = key.find_first_not_of(kPlain) == std::string::npos && (key[0] < '0' || key[0] > '9');
    relative += is_plain ? "." + key : fmt::format("[{}]", is_index ? key : expr::to_json(Value::string(key)));
  }
  return {relative + " }}", 0, false};
}

}  // namespace r8r::workflow
