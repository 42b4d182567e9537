#include "common/workflow/field_reader.hpp"

#include "common/base/environment.hpp"

namespace r8r::workflow {
namespace {

std::string shown(const SourceNode& node) {
  if (!node.is_scalar()) return std::string(node.kind_name());
  std::string text = node.scalar.substr(0, 60);
  if (node.scalar.size() > 60) text += "…";
  return fmt::format("'{}'", text);
}

// What fields are called elsewhere.
constexpr std::pair<std::string_view, std::string_view> kForeignNames[] = {{"steps", "nodes"},
                                                                           {"tasks", "nodes"},
                                                                           {"jobs", "nodes"},
                                                                           {"on", "triggers"},
                                                                           {"needs", "depends_on"},
                                                                           {"after", "depends_on"},
                                                                           {"when", "condition"},
                                                                           {"if", "condition"},
                                                                           {"with", "config"},
                                                                           {"parameters", "config"},
                                                                           {"params", "config"},
                                                                           {"args", "config"},
                                                                           {"uses", "type"},
                                                                           {"kind", "type"},
                                                                           {"key", "id"},
                                                                           {"timeout", "timeout_seconds"},
                                                                           {"loop", "for_each"},
                                                                           {"foreach", "for_each"},
                                                                           {"vars", "variables"},
                                                                           {"retries", "retry"},
                                                                           {"script", "expression"},
                                                                           {"code", "expression"},
                                                                           {"headers", "header_filter"}};

// dependsOn, DependsOn and depends-on are depends_on.
bool same_letters(std::string_view a, std::string_view b) {
  const auto letters = [](std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c != '_' && c != '-') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
    return out;
  };
  return letters(a) == letters(b);
}

std::string format_number(double number) {
  return fmt::format("{}", number);
}

}  // namespace

std::string nearest_hint(std::string_view name, const std::vector<std::string>& known) {
  for (const std::string& other : known) {
    if (same_letters(name, other)) return fmt::format("did you mean '{}'?", other);
  }
  for (const auto& [foreign, ours] : kForeignNames) {
    if (name == foreign && std::find(known.begin(), known.end(), ours) != known.end())
      return fmt::format("did you mean '{}'?", ours);
  }
  const std::string near = nearest_name(name, known);
  if (!near.empty()) return fmt::format("did you mean '{}'?", near);
  constexpr std::size_t kFew = 20;
  if (known.empty() || known.size() > kFew) return {};
  return fmt::format("known: {}", fmt::join(known, ", "));
}

std::string FieldReader::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

const SourceNode* FieldReader::take(std::string_view name, const std::vector<std::string_view>& aliases) {
  known_.emplace_back(name);
  const SourceNode* found = map_.find(name);
  std::string_view found_as = name;
  for (const std::string_view alias : aliases) {
    known_.emplace_back(alias);
    const SourceNode* other = map_.find(alias);
    if (other == nullptr) continue;
    if (found != nullptr) {
      problems_.add(path_of(alias), *other, fmt::format("'{}' and '{}' are two names of one field", found_as, alias),
                    "give one of them");
      continue;
    }
    found = other;
    found_as = alias;
  }
  return found;
}

const SourceNode* FieldReader::take_given(std::string_view name) {
  return take_value(name);
}

bool FieldReader::needs(std::string_view name, std::string_view meaning) {
  if (take_value(name) != nullptr) return true;
  problems_.add(path_of(name), map_, fmt::format("the field '{}' is missing", name), std::string(meaning));
  return false;
}

const SourceNode* FieldReader::take_value(std::string_view name) {
  const SourceNode* node = take(name);
  if (node == nullptr || node->is_map() || node->is_sequence()) return node;
  return scalar_value(*node).is_null() ? nullptr : node;
}

void FieldReader::wrong(std::string_view name, const SourceNode& at, std::string_view expected, std::string hint) {
  problems_.add(path_of(name), at, fmt::format("'{}' must be {}, not {}", name, expected, shown(at)), std::move(hint));
}

std::optional<std::string> FieldReader::text(std::string_view name, std::size_t max_length) {
  const SourceNode* node = take_value(name);
  if (node == nullptr) return std::nullopt;
  if (!node->is_scalar()) {
    wrong(name, *node, "a string");
    return std::nullopt;
  }
  if (!node->is_string()) {
    wrong(name, *node, "a string", "put it in quotes");
    return std::nullopt;
  }
  if (node->scalar.size() > max_length && to_value(*node).character_count() > max_length) {
    problems_.add(path_of(name), *node, fmt::format("'{}' is longer than {} characters", name, max_length));
    return std::nullopt;
  }
  return node->scalar;
}

std::optional<std::int64_t> FieldReader::integer(std::string_view name, std::int64_t low, std::int64_t high) {
  const SourceNode* node = take_value(name);
  if (node == nullptr) return std::nullopt;
  const auto expected = [&] { return fmt::format("an integer from {} to {}", low, high); };
  const expr::Value value = node->is_scalar() ? scalar_value(*node) : expr::Value::null();
  if (!value.is_int()) {
    wrong(name, *node, expected(), value.is_string() ? "write it without quotes" : "");
    return std::nullopt;
  }
  if (value.as_int() < low || value.as_int() > high) {
    wrong(name, *node, expected());
    return std::nullopt;
  }
  return value.as_int();
}

std::optional<double> FieldReader::number(std::string_view name, double low, double high) {
  const SourceNode* node = take_value(name);
  if (node == nullptr) return std::nullopt;
  const expr::Value value = node->is_scalar() ? scalar_value(*node) : expr::Value::null();
  if (!value.is_number() || !(value.as_number() >= low && value.as_number() <= high)) {
    wrong(name, *node, fmt::format("a number from {} to {}", format_number(low), format_number(high)));
    return std::nullopt;
  }
  return value.as_number();
}

std::optional<bool> FieldReader::boolean(std::string_view name) {
  const SourceNode* node = take_value(name);
  if (node == nullptr) return std::nullopt;
  const expr::Value value = node->is_scalar() ? scalar_value(*node) : expr::Value::null();
  if (value.is_bool()) return value.as_bool();
  std::string hint;
  if (node->is_scalar()) {
    const std::string& text = node->scalar;
    if (text == "yes" || text == "on" || text == "Yes" || text == "On") hint = "write true";
    if (text == "no" || text == "off" || text == "No" || text == "Off") hint = "write false";
    if (text == "true" || text == "false") hint = "write it without quotes";
  }
  wrong(name, *node, "true or false", std::move(hint));
  return std::nullopt;
}

std::optional<std::string> FieldReader::word(std::string_view name, std::initializer_list<std::string_view> words) {
  const SourceNode* node = take_value(name);
  if (node == nullptr) return std::nullopt;
  if (node->is_scalar()) {
    for (const std::string_view word : words) {
      if (node->scalar == word) return node->scalar;
    }
  }
  const std::vector<std::string> known(words.begin(), words.end());
  const std::string hint = node->is_scalar() ? nearest_hint(node->scalar, known) : "";
  // The message lists them all already.
  wrong(name, *node, fmt::format("one of {}", fmt::join(words, ", ")), hint.starts_with("known") ? "" : hint);
  return std::nullopt;
}

const SourceNode* FieldReader::map(std::string_view name) {
  const SourceNode* node = take_value(name);
  if (node == nullptr || node->is_map()) return node;
  wrong(name, *node, "a map");
  return nullptr;
}

const SourceNode* FieldReader::list(std::string_view name) {
  const SourceNode* node = take_value(name);
  if (node == nullptr || node->is_sequence()) return node;
  wrong(name, *node, "a list", "begin each entry with '- '");
  return nullptr;
}

void FieldReader::unavailable(std::string_view name) {
  known_.emplace_back(name);
  for (std::size_t i = 0; i < map_.keys.size(); ++i) {
    if (map_.keys[i].text != name) continue;
    // Switched off is as good as not there.
    const SourceNode& child = map_.children[i];
    if (!child.is_map() && !child.is_sequence()) {
      const expr::Value value = scalar_value(child);
      if (value.is_null() || (value.is_bool() && !value.as_bool())) return;
    }
    problems_.note_not_run(path_of(name), map_.keys[i], fmt::format("'{}' is not available in this version", name),
                           "remove it");
  }
}

void FieldReader::finish(std::initializer_list<std::string_view> extra) {
  std::vector<std::string> known = known_;
  known.insert(known.end(), extra.begin(), extra.end());
  for (const SourceNode::Key& key : map_.keys) {
    if (std::find(known_.begin(), known_.end(), key.text) != known_.end()) continue;
    const std::string where = path_.empty() ? "" : fmt::format(" in {}", path_);
    problems_.add(
        path_of(key.text), key, fmt::format("unknown field '{}'{}", key.text, where),
        key.text == "<<" ? "YAML 1.2 has no merge keys; write the fields out" : nearest_hint(key.text, known));
  }
}

}  // namespace r8r::workflow
