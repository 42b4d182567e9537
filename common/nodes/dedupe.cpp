#include <unordered_map>

#include "common/expr/text.hpp"
#include "common/nodes/conditions.hpp"
#include "common/nodes/list.hpp"

namespace r8r::nodes {
namespace {

using Keep = workflow::DedupeConfig::Keep;

expr::Value lower(const expr::Value& value) {
  if (!value.is_string()) return value;
  const std::string_view text = value.as_string();
  std::string lowered;
  lowered.reserve(text.size());
  for (std::size_t at = 0; at < text.size();)
    expr::append_code_point(lowered, expr::lower_case(expr::next_code_point(text, at)));
  return expr::Value::string(lowered);
}

// What two items have to share to be the same; a missing field is as good as null.
expr::Value key_of(const workflow::DedupeConfig& config, const expr::Value& item) {
  const auto part = [&](const expr::Value& value) { return config.case_insensitive ? lower(value) : value; };
  if (config.fields.empty()) return part(item);
  if (config.fields.size() == 1) return part(config.fields[0].get(item));
  std::vector<expr::Value> parts;
  for (const workflow::FieldPath& field : config.fields) parts.push_back(part(field.get(item)));
  return expr::Value::array(std::move(parts));
}

}  // namespace

BodyResult run_dedupe(Call& call) {
  const auto& config = call.config_as<workflow::DedupeConfig>();
  const BodyResult list = list_of(call, config);
  if (!list) return list;
  const std::vector<expr::Value>& items = list->as_array();
  constexpr std::size_t kNone = ~std::size_t{0};
  std::unordered_map<expr::Value, std::size_t, ValueHash> seen;  // where the one to keep is
  std::vector<bool> kept(items.size(), false);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto [entry, is_new] = seen.try_emplace(key_of(config, items[i]), i);
    if (is_new) {
      kept[i] = true;
    } else if (config.keep == Keep::last) {
      kept[entry->second] = false;
      kept[i] = true;
      entry->second = i;
    } else if (config.keep == Keep::none && entry->second != kNone) {
      kept[entry->second] = false;
      entry->second = kNone;
    }
  }
  std::vector<expr::Value> left;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (kept[i]) left.push_back(items[i]);
  }
  expr::Value result = expr::Value::array(std::move(left));
  if (config.output_field.empty()) return result;
  expr::Map output;
  output.set(config.output_field, std::move(result));
  return expr::Value::map(std::move(output));
}

}  // namespace r8r::nodes
