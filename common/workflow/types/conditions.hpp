#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/expr/pattern.hpp"
#include "common/workflow/config.hpp"
#include "common/workflow/data_path.hpp"
#include "common/workflow/node_types.hpp"

/// The conditions that filter and if share: one expression, or a list of comparisons.
namespace r8r::workflow {

enum class Comparison {
  equals,
  not_equals,
  contains,
  not_contains,
  starts_with,
  ends_with,
  gt,
  gte,
  lt,
  lte,
  in,
  not_in,
  regex,
  exists,
  not_exists,
  is_empty,
  is_not_empty,
  is_true,
  is_false,
};

/// nullopt when there is no such operator.
std::optional<Comparison> comparison_of(std::string_view name);
/// "unknown operator 'x'" and what was probably meant.
std::string unknown_comparison(std::string_view name);
/// Whether it compares with a value.
bool needs_value(Comparison comparison);

struct Condition {
  std::string place;                     ///< in the config, for messages
  FieldPath field;                       ///< of what is looked at
  std::optional<expr::Program> subject;  ///< instead of a field
  std::optional<Comparison> comparison;  ///< nothing: a template gives its name
  Operand comparison_name;
  Operand value;
  std::optional<expr::Pattern> pattern;  ///< of a constant `regex`
};

struct ConditionList final : ParsedConfig {
  std::vector<Condition> all;
};

struct Conditions {
  std::optional<expr::Program> expression;
  std::shared_ptr<const ConditionList> list;
  bool any = false;
};

/// `condition`, `conditions` and `match_mode`. With `per_item` they are about an item, otherwise about the input.
std::vector<ConfigFieldType> condition_fields(bool per_item);
Conditions read_conditions(ConfigReader& config, bool per_item);

}  // namespace r8r::workflow
