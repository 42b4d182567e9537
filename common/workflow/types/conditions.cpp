#include "common/workflow/types/conditions.hpp"

#include "common/base/environment.hpp"

namespace r8r::workflow {
namespace {

// In the order of the enumeration.
constexpr std::string_view kNames[] = {"equals",    "not_equals",   "contains", "not_contains", "starts_with",
                                       "ends_with", "gt",           "gte",      "lt",           "lte",
                                       "in",        "not_in",       "regex",    "exists",       "not_exists",
                                       "is_empty",  "is_not_empty", "is_true",  "is_false"};

struct Habit {
  std::string_view other;
  std::string_view ours;
};
// What people write who know other languages.
constexpr Habit kHabits[] = {{"==", "equals"},     {"=", "equals"},       {"eq", "equals"},
                             {"is", "equals"},     {"!=", "not_equals"},  {"<>", "not_equals"},
                             {"ne", "not_equals"}, {"neq", "not_equals"}, {">", "gt"},
                             {">=", "gte"},        {"ge", "gte"},         {"<", "lt"},
                             {"<=", "lte"},        {"le", "lte"},         {"greater_than", "gt"},
                             {"less_than", "lt"},  {"matches", "regex"},  {"is_null", "not_exists"},
                             {"empty", "is_empty"}};

// An expression, when the text is one in braces and no field of the item in them.
bool is_expression(const expr::Value& value) {
  return value.is_string() && value.as_string().find("{{") != std::string_view::npos;
}

void read_value(Condition& condition, ConfigEntry& entry, bool per_item) {
  const auto value = entry.take("value");
  if (!value) {
    if (condition.comparison && needs_value(*condition.comparison))
      entry.source().problem(
          fmt::format("'{}' needs a 'value' to compare with", kNames[static_cast<int>(*condition.comparison)]));
    return;
  }
  auto operand = value->operand(per_item);
  if (!operand) return;
  condition.value = std::move(*operand);
  if (!condition.value.is_constant() || !condition.comparison) return;
  const expr::Value& constant = condition.value.constant();
  if ((*condition.comparison == Comparison::in || *condition.comparison == Comparison::not_in) && !constant.is_array())
    value->problem(fmt::format("the value of 'in' and 'not_in' must be a list, not {}", shown_in_message(constant)));
  if (*condition.comparison != Comparison::regex) return;
  if (!constant.is_string())
    return value->problem(fmt::format("the value of 'regex' must be a string, not {}", shown_in_message(constant)));
  auto pattern = expr::Pattern::compile(constant.as_string());
  if (!pattern) return value->problem(pattern.error().message);
  condition.pattern = std::move(*pattern);
}

template <bool per_item>
std::shared_ptr<const ConditionList> parse_list(const ConfigValue& source) {
  auto list = std::make_shared<ConditionList>();
  const auto items = source.list();
  if (!items) return list;
  if (items->empty()) source.problem("the list of conditions is empty");
  for (const ConfigValue& item : *items) {
    auto entry = item.map();
    if (!entry) continue;
    Condition condition;
    condition.place = item.place();
    if (const auto field = entry->take("field")) {
      if (field->is_open() && is_expression(field->value())) {
        condition.subject = field->expression(per_item);
      } else if (const auto text = field->text()) {
        condition.field = FieldPath::parse(*text);
      }
    }
    if (const auto name = entry->require("operator")) {
      if (name->is_open()) {
        if (auto operand = name->operand()) condition.comparison_name = std::move(*operand);
      } else if (const auto text = name->text()) {
        condition.comparison = comparison_of(*text);
        if (!condition.comparison) name->problem(unknown_comparison(*text));
      }
    }
    read_value(condition, *entry, per_item);
    entry->finish();
    list->all.push_back(std::move(condition));
  }
  return list;
}

}  // namespace

std::optional<Comparison> comparison_of(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (same_word(kNames[i], name)) return static_cast<Comparison>(i);
  }
  return std::nullopt;
}

std::string unknown_comparison(std::string_view name) {
  std::string near;
  for (const Habit& habit : kHabits) {
    if (same_word(habit.other, name)) near = habit.ours;
  }
  if (near.empty()) near = nearest_name(name, std::vector<std::string>(std::begin(kNames), std::end(kNames)));
  const std::string shown = shown_in_message(expr::Value::string(name));
  return near.empty() ? fmt::format("unknown operator {}; known: {}", shown, fmt::join(kNames, ", "))
                      : fmt::format("unknown operator {}; did you mean '{}'?", shown, near);
}

bool needs_value(Comparison comparison) {
  return comparison < Comparison::exists;
}

std::vector<ConfigFieldType> condition_fields(bool per_item) {
  return {{.name = "condition", .kind = ConfigKind::expression, .sees_item = per_item},
          {.name = "conditions", .kind = ConfigKind::parts, .sees_item = per_item},
          {.name = "match_mode", .kind = ConfigKind::word, .words = {"all", "any"}}};
}

Conditions read_conditions(ConfigReader& config, bool per_item) {
  Conditions conditions;
  if (config.has("condition") && config.has("conditions")) {
    config.problem_at("conditions", "'condition' and 'conditions' cannot stand beside each other", "give one of them");
  } else if (!config.has("condition") && !config.has("conditions")) {
    config.problem("'condition' or 'conditions' is missing",
                   per_item ? "for example condition: item.price > 10" : "for example condition: input.price > 10");
  }
  conditions.expression = config.program("condition");
  conditions.list = config.part("conditions", per_item ? parse_list<true> : parse_list<false>);
  if (config.has("match_mode") && config.has("condition"))
    config.problem_at("match_mode", "'match_mode' is about 'conditions'", "remove it, or write a list of conditions");
  conditions.any = config.text("match_mode").value_or("all") == "any";
  return conditions;
}

}  // namespace r8r::workflow
