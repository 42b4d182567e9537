#include "common/workflow/types/lists.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

const std::vector<std::string_view> kOrders = {"asc", "desc", "ascending", "descending"};

bool is_descending(std::string_view order) {
  return order.starts_with("desc");
}

// A field's name, {field, order}, or a list of these.
std::shared_ptr<const SortKeys> parse_by(const ConfigValue& source) {
  auto keys = std::make_shared<SortKeys>();
  std::vector<ConfigValue> items{source};
  if (source.value().is_array()) items = source.list().value_or(std::vector<ConfigValue>{});
  for (const ConfigValue& item : items) {
    if (item.value().is_string()) {
      if (const auto text = item.text()) keys->all.push_back({FieldPath::parse(*text), false});
      continue;
    }
    auto entry = item.map();
    if (!entry) continue;
    SortKey key;
    if (const auto field = entry->require("field")) key.field = FieldPath::parse(field->text().value_or(""));
    if (const auto order = entry->take("order", {"direction"}))
      key.descending = is_descending(order->word(kOrders).value_or("asc"));
    entry->finish();
    keys->all.push_back(std::move(key));
  }
  if (keys->all.empty() && items.empty()) source.problem("'by' names no field");
  return keys;
}

std::shared_ptr<const ParsedConfig> parse_sort(ConfigReader& config) {
  auto sort = std::make_shared<SortConfig>();
  if (config.has("by")) {
    read_path(config, *sort, "field");
    if (config.has("direction"))
      config.problem_at("direction", "'direction' is about 'field'", "give each entry of 'by' an 'order'");
    if (const auto keys = config.part("by", parse_by)) sort->keys = keys->all;
    return sort;
  }
  read_path(config, *sort);
  SortKey key;
  if (const auto field = config.find("field")) key.field = FieldPath::parse(field->text().value_or(""));
  key.descending = is_descending(config.text("direction").value_or("asc"));
  sort->keys.push_back(std::move(key));
  return sort;
}

}  // namespace

NodeType sort_type() {
  return {.name = "sort",
          .node_class = NodeClass::pure,
          .fields = {path_field({"input_field"}),
                     {.name = "by", .kind = ConfigKind::parts},
                     {.name = "field", .kind = ConfigKind::parts},
                     {.name = "direction", .kind = ConfigKind::word, .aliases = {"order"}, .words = kOrders}},
          .parse = parse_sort};
}

}  // namespace r8r::workflow
