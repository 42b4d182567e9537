#include "common/workflow/node_types.hpp"

#include "common/base/environment.hpp"
#include "common/expr/json.hpp"
#include "common/workflow/source_node.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

using Kind = ConfigKind;

const std::vector<NodeType>& types() {
  static const std::vector<NodeType> all = {
      transform_type(), set_type(),         filter_type(),   sort_type(),  limit_type(),  dedupe_type(),
      aggregate_type(), summarize_type(),   split_type(),    merge_type(), debug_type(),  wait_type(),
      http_type(),      crypto_type(),      datetime_type(), if_type(),    switch_type(), variables_type(),
      template_type(),  subworkflow_type(), approval_type(),
  };
  return all;
}

constexpr std::string_view kPlanned[] = {"circuit_breaker", "database", "email", "slack", "s3", "agent", "sandbox"};

tl::unexpected<Error> wrong(const ConfigFieldType& field, std::string_view expected, const expr::Value& value) {
  return fail(ErrorCode::invalid_field,
              fmt::format("'{}' must be {}, not {}", field.name, expected, shown_in_message(value)));
}

Result<expr::Value> check_word(const ConfigFieldType& field, const expr::Value& value) {
  if (value.is_string()) {
    for (const std::string_view word : field.words) {
      if (same_word(value.as_string(), word)) return expr::Value::string(std::string(word));
    }
  }
  return wrong(field, fmt::format("one of {}", fmt::join(field.words, ", ")), value);
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string shown_in_message(const expr::Value& value) {
  if (value.is_array()) return "a list";
  if (value.is_map()) return "a map";
  std::string text = value.is_string() ? fmt::format("'{}'", value.as_string()) : expr::to_json(value);
  constexpr std::size_t kEnough = 80;
  if (text.size() > kEnough) {
    std::size_t end = kEnough;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    text += "…";
  }
  return text;
}

const ConfigFieldType* NodeType::field(std::string_view any_name) const {
  for (const ConfigFieldType& field : fields) {
    if (field.name == any_name) return &field;
    if (std::find(field.aliases.begin(), field.aliases.end(), any_name) != field.aliases.end()) return &field;
  }
  return nullptr;
}

const SourceNode* NodeType::given(const SourceNode& config, std::string_view canonical_name) const {
  for (std::size_t i = 0; i < config.keys.size(); ++i) {
    const ConfigFieldType* found = field(config.keys[i].text);
    if (found == nullptr || found->name != canonical_name) continue;
    const SourceNode& value = config.children[i];
    if (value.is_map() || value.is_sequence() || !scalar_value(value).is_null()) return &value;
  }
  return nullptr;
}

const NodeType* find_node_type(std::string_view name) {
  for (const NodeType& type : types()) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

bool is_planned_node_type(std::string_view name) {
  return find_node_type(name) == nullptr &&
         std::find(std::begin(kPlanned), std::end(kPlanned), name) != std::end(kPlanned);
}

const std::vector<std::string>& node_type_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all(std::begin(kPlanned), std::end(kPlanned));
    for (const NodeType& type : types()) {
      if (std::find(all.begin(), all.end(), type.name) == all.end()) all.emplace_back(type.name);
    }
    std::sort(all.begin(), all.end());
    return all;
  }();
  return names;
}

Result<expr::Value> check_config_value(const ConfigFieldType& field, const expr::Value& value) {
  switch (field.kind) {
    case Kind::any:
    case Kind::expression:
    case Kind::path:
    case Kind::parts:
      return value;
    case Kind::text:
      if (!value.is_string()) return wrong(field, "a string", value);
      return value;
    case Kind::boolean:
      if (!value.is_bool()) return wrong(field, "true or false", value);
      return value;
    case Kind::map:
      if (!value.is_map()) return wrong(field, "a map", value);
      return value;
    case Kind::list:
      if (!value.is_array()) return wrong(field, "a list", value);
      return value;
    case Kind::word:
      return check_word(field, value);
    case Kind::integer:
      if (!value.is_int() || static_cast<double>(value.as_int()) < field.low ||
          static_cast<double>(value.as_int()) > field.high) {
        return wrong(field, fmt::format("an integer from {:.0f} to {:.0f}", field.low, field.high), value);
      }
      return value;
    case Kind::number:
      if (!value.is_number() || !(value.as_number() >= field.low && value.as_number() <= field.high)) {
        return wrong(field, fmt::format("a number from {} to {}", field.low, field.high), value);
      }
      return value;
  }
  return value;
}

}  // namespace r8r::workflow
