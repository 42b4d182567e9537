#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <re2/re2.h>

#include "common/expr/value.hpp"
#include "common/workflow/json_schema.hpp"

namespace r8r::workflow {

/// One schema object. Others are named by their position in the list of all, -1: none.
struct JsonSchema::Rules {
  enum Type : unsigned { null = 1, boolean = 2, integer = 4, number = 8, string = 16, array = 32, object = 64 };
  using Named = std::pair<std::string, int>;
  using Pattern = std::pair<std::shared_ptr<const RE2>, int>;

  bool never = false;                                     ///< the schema `false`
  unsigned types = 0;                                     ///< of Type; 0: any
  std::optional<std::vector<expr::Value>> one_of_values;  ///< enum; const as a list of one

  std::optional<double> minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;

  std::optional<std::size_t> min_length, max_length;
  std::shared_ptr<const RE2> pattern;
  std::string format;  ///< empty, or one that is checked

  std::vector<int> prefix_items;
  int items = -1;  ///< of those behind the prefix
  int contains = -1;
  std::optional<std::size_t> min_contains, max_contains, min_items, max_items;
  bool unique_items = false;

  std::vector<Named> properties;  ///< sorted by name
  std::vector<Pattern> pattern_properties;
  int additional_properties = -1;
  int property_names = -1;
  std::vector<std::string> required;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required;
  std::vector<Named> dependent_schemas;
  std::optional<std::size_t> min_properties, max_properties;

  std::vector<int> all_of, any_of, one_of;
  int negated = -1;
  int condition = -1, then_rules = -1, else_rules = -1;
  int reference = -1;

  int property(std::string_view name) const;
};

/// Whether `format` is one that check() looks at.
bool is_checked_format(std::string_view format);

}  // namespace r8r::workflow
