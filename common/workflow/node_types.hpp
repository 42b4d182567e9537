#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/expr/value.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::workflow {

class ConfigReader;
class ProblemList;
struct SourceNode;

/// What a field of a node's config holds. All but expressions may be templates; then they are checked when they run.
enum class ConfigKind {
  expression,  ///< text in the expression language, {{ }} around the whole accepted
  path,        ///< where data is: input.items, nodes.x.output.rows, or items (of the input); compiled as an expression
  any,
  text,
  integer,
  number,
  boolean,
  word,  ///< one of `words`, in any case
  map,
  list,
  parts,  ///< a list or map whose pieces the type's `parse` compiles one by one, or one template for the whole
};

struct ConfigFieldType {
  std::string_view name;
  ConfigKind kind = ConfigKind::any;
  std::vector<std::string_view> aliases;
  bool required = false;
  double low = 0;  ///< bounds of integers and numbers
  double high = 0;
  std::vector<std::string_view> words;
  bool sees_item = false;  ///< of an expression and of parts: `item` and `index` are in scope
};

/// Everything that is fixed about a node type. The body of a type is elsewhere (common/nodes for pure and control
/// types).
struct NodeType {
  std::string_view name;
  NodeClass node_class = NodeClass::pure;
  std::vector<ConfigFieldType> fields;
  /// Fields that the language has and this version does not.
  std::vector<std::string_view> unavailable;
  /// Whether the body uses the node's input without an expression that says so. Types with a `parse` say it there.
  bool reads_input = false;
  /// Makes the struct that the body reads, and reports what the table of fields cannot say. Runs when the workflow is
  /// created and, if templates decide what the struct looks like, again on their values.
  std::shared_ptr<const ParsedConfig> (*parse)(ConfigReader& config) = nullptr;
  /// What is looked at only when the workflow is created, because a run says it in its own words or needs no look.
  void (*check)(const NodeType& type, const SourceNode& config, const std::string& path,
                ProblemList& problems) = nullptr;

  const ConfigFieldType* field(std::string_view any_name) const;
  /// The value of a field in the file, under any of its names, when it is there and not null.
  const SourceNode* given(const SourceNode& config, std::string_view canonical_name) const;
};

/// nullptr when there is no such type in this version.
const NodeType* find_node_type(std::string_view name);
/// Whether the language has the type although this version does not.
bool is_planned_node_type(std::string_view name);
/// Every name that the language has, for hints.
const std::vector<std::string>& node_type_names();

/// Checks a field's evaluated value and brings it into its canonical form (a word as the table spells it). Errors:
/// invalid_field with a message for a person that names the field.
Result<expr::Value> check_config_value(const ConfigFieldType& field, const expr::Value& value);

/// Whether two words are the same but for the case of ASCII letters.
bool same_word(std::string_view a, std::string_view b);
/// A value as messages show it, shortened.
std::string shown_in_message(const expr::Value& value);

}  // namespace r8r::workflow
