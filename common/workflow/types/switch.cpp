#include "common/workflow/types/switch.hpp"

#include "common/workflow/problem_list.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

// The cases are checked where they are read (read_branches.cpp).
void check_switch(const NodeType& type, const SourceNode& config, const std::string& path, ProblemList& problems) {
  const SourceNode* expression = type.given(config, "expression");
  const SourceNode* field = type.given(config, "field");
  if (expression == nullptr && field == nullptr) {
    problems.add(path + ".expression", config, "a switch node needs an 'expression' or a 'field'",
                 "for example expression: input.status, or field: status");
  } else if (expression != nullptr && field != nullptr) {
    problems.add(path + ".field", *field, "'expression' and 'field' say the same thing", "give one of them");
  }
}

SwitchCase read_case(const ConfigValue& source) {
  SwitchCase one;
  std::optional<ConfigEntry> entry = source.map();
  const auto operand = [&entry](std::string_view name) {
    const auto value = entry->source().value().as_map().contains(name) ? entry->take(name) : std::nullopt;
    return value && !value->is_null() ? value->operand() : std::nullopt;
  };
  auto match = operand("value");
  if (!match) match = operand("when");
  one.match = match.value_or(Operand());
  one.output = operand("output").value_or(Operand());
  one.label = operand("label");
  return one;
}

// What a case must not be is said where the branches are read, and then there is no workflow.
std::shared_ptr<const ParsedConfig> parse_switch(ConfigReader& config) {
  auto choice = std::make_shared<SwitchConfig>();
  choice->value = config.program(config.has("field") ? "field" : "expression");
  if (const auto cases = config.find("cases"); cases && cases->value().is_map()) {
    const auto all = cases->map()->entries();
    for (const auto& [name, output] : all) {
      const Operand text(expr::Value::string(name));
      choice->cases.push_back({text, output.operand().value_or(Operand()), text});
    }
  } else if (cases && cases->value().is_array()) {
    const auto all = *cases->list();
    for (const ConfigValue& one : all) {
      if (one.value().is_map()) choice->cases.push_back(read_case(one));
    }
  }
  choice->otherwise = config.operand("default");
  choice->all = config.text("mode") == "all";
  choice->reads_input = false;
  return choice;
}

}  // namespace

NodeType switch_type() {
  return {.name = "switch",
          .node_class = NodeClass::pure,
          .fields = {{.name = "expression", .kind = ConfigKind::expression},
                     {.name = "field", .kind = ConfigKind::path},
                     {.name = "cases", .kind = ConfigKind::parts},
                     {.name = "default", .kind = ConfigKind::parts},
                     {.name = "mode", .kind = ConfigKind::word, .words = {"first", "all"}}},
          .parse = parse_switch,
          .check = check_switch};
}

}  // namespace r8r::workflow
