#include "common/workflow/types/set.hpp"

#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

constexpr std::size_t kMaxSteps = 64;

// A dot at either end, or two in a row, makes no path but a peculiar name.
std::vector<std::string> split_name(std::string_view name) {
  std::vector<std::string> steps;
  while (true) {
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size() || name[dot + 1] == '.') break;
    steps.emplace_back(name.substr(0, dot));
    name.remove_prefix(dot + 1);
  }
  steps.emplace_back(name);
  return steps;
}

void add_assignment(Assignments& assignments, const ConfigValue& at, std::string_view name, const ConfigValue& value) {
  if (name.empty()) return at.problem("the name is empty");
  std::vector<std::string> steps = split_name(name);
  if (steps.size() > kMaxSteps) return at.problem(fmt::format("'{}' has too many dots", name));
  if (auto operand = value.operand()) assignments.all.push_back({value.place(), std::move(steps), std::move(*operand)});
}

std::shared_ptr<const Assignments> parse_values(const ConfigValue& source) {
  auto assignments = std::make_shared<Assignments>();
  if (const auto map = source.map()) {
    for (const auto& [name, value] : map->entries()) add_assignment(*assignments, value, name, value);
  }
  return assignments;
}

std::shared_ptr<const Assignments> parse_fields(const ConfigValue& source) {
  auto assignments = std::make_shared<Assignments>();
  const auto list = source.list();
  if (!list) return assignments;
  for (const ConfigValue& item : *list) {
    auto entry = item.map();
    if (!entry) continue;
    const auto name_value = entry->require("name");
    const auto value = entry->require("value");
    entry->finish();
    if (!name_value || !value) continue;
    if (const auto name = name_value->text()) add_assignment(*assignments, *name_value, *name, *value);
  }
  return assignments;
}

std::shared_ptr<const ParsedConfig> parse_set(ConfigReader& config) {
  auto set = std::make_shared<SetConfig>();
  if (!config.has("fields") && !config.has("values"))
    config.problem("a set node needs 'fields' or 'values'", "for example values: {name: value}");
  set->values = config.part("values", parse_values);
  set->fields = config.part("fields", parse_fields);
  set->keep_input = config.boolean("keep_input").value_or(true);
  set->reads_input = set->keep_input;
  return set;
}

}  // namespace

NodeType set_type() {
  return {.name = "set",
          .node_class = NodeClass::pure,
          .fields = {{.name = "fields", .kind = ConfigKind::parts},
                     {.name = "values", .kind = ConfigKind::parts},
                     {.name = "keep_input", .kind = ConfigKind::boolean}},
          .parse = parse_set};
}

}  // namespace r8r::workflow
