#include <set>

#include "common/workflow/types/lists.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

using Shape = AggregateConfig::Shape;

const std::vector<std::string_view> kFunctions = {"sum", "avg", "min", "max", "count"};

Statistic statistic_of(std::string_view name) {
  return static_cast<Statistic>(std::find(kFunctions.begin(), kFunctions.end(), name) - kFunctions.begin());
}

std::shared_ptr<const Aggregations> parse_operations(const ConfigValue& source) {
  auto aggregations = std::make_shared<Aggregations>();
  const auto items = source.list();
  if (!items) return aggregations;
  if (items->empty()) source.problem("the list of operations is empty");
  std::set<std::string> aliases;
  for (const ConfigValue& item : *items) {
    auto entry = item.map();
    if (!entry) continue;
    Aggregation aggregation;
    std::string_view function = "count";
    if (const auto name = entry->require("function", {"operation"}))
      function = name->word(kFunctions).value_or(function);
    aggregation.function = statistic_of(function);
    if (const auto field = entry->take("field")) aggregation.field = FieldPath::parse(field->text().value_or(""));
    const auto alias = entry->take("alias");
    if (alias) aggregation.alias = alias->text().value_or("");
    if (aggregation.alias.empty()) {
      aggregation.alias =
          aggregation.field ? fmt::format("{}_{}", function, aggregation.field->text()) : std::string(function);
    }
    if (!aliases.insert(aggregation.alias).second)
      item.problem(fmt::format("two operations are called '{}'", aggregation.alias), "give each an 'alias' of its own");
    entry->finish();
    aggregations->all.push_back(std::move(aggregation));
  }
  return aggregations;
}

void read_operation(ConfigReader& config, AggregateConfig& aggregate) {
  aggregate.shape = Shape::value;
  read_path(config, aggregate);
  Aggregation aggregation;
  aggregation.function = statistic_of(config.text("operation").value_or("count"));
  if (const auto field = config.find("field")) aggregation.field = FieldPath::parse(field->text().value_or(""));
  aggregate.aggregations.push_back(std::move(aggregation));
}

void read_mode(ConfigReader& config, AggregateConfig& aggregate) {
  read_path(config, aggregate, "field");
  const std::string mode = config.text("mode").value_or("array");
  aggregate.shape = mode == "object"  ? Shape::object
                    : mode == "first" ? Shape::first
                    : mode == "last"  ? Shape::last
                                      : Shape::array;
  if (aggregate.shape == Shape::object) {
    if (!config.has("key_field"))
      config.problem("'mode: object' needs 'key_field'", "the field whose value is the key");
    if (config.has("group_by")) config.problem_at("group_by", "'group_by' cannot stand beside 'mode: object'");
    aggregate.key_field = FieldPath::parse(config.text("key_field").value_or(""));
    if (const auto field = config.text("value_field")) aggregate.value_field = FieldPath::parse(*field);
  }
}

std::shared_ptr<const ParsedConfig> parse_aggregate(ConfigReader& config) {
  auto aggregate = std::make_shared<AggregateConfig>();
  std::vector<std::string_view> given;
  for (const std::string_view name : {"mode", "operation", "operations"}) {
    if (config.has(name)) given.push_back(name);
  }
  if (given.size() > 1) {
    config.problem_at(given[1], fmt::format("'{}' and '{}' cannot stand beside each other", given[0], given[1]),
                      "give one of them");
  }
  if (config.has("operations")) {
    read_path(config, *aggregate, "field");
    aggregate->shape = Shape::values;
    if (const auto operations = config.part("operations", parse_operations)) aggregate->aggregations = operations->all;
  } else if (config.has("operation")) {
    read_operation(config, *aggregate);
  } else {
    read_mode(config, *aggregate);
  }
  if (aggregate->shape != Shape::object && config.text("mode").value_or("object") != "object") {
    for (const std::string_view name : {"key_field", "value_field"}) {
      if (config.has(name)) config.problem_at(name, fmt::format("'{}' is about 'mode: object'", name), "remove it");
    }
  }
  if (const auto field = config.text("group_by")) aggregate->group_by = FieldPath::parse(*field);
  return aggregate;
}

}  // namespace

NodeType aggregate_type() {
  return {.name = "aggregate",
          .node_class = NodeClass::pure,
          .fields = {path_field(),
                     {.name = "field", .kind = ConfigKind::parts},
                     {.name = "mode", .kind = ConfigKind::word, .words = {"array", "object", "first", "last"}},
                     {.name = "key_field", .kind = ConfigKind::text},
                     {.name = "value_field", .kind = ConfigKind::text},
                     {.name = "operation", .kind = ConfigKind::word, .words = kFunctions},
                     {.name = "operations", .kind = ConfigKind::parts},
                     {.name = "group_by", .kind = ConfigKind::text}},
          .parse = parse_aggregate};
}

}  // namespace r8r::workflow
