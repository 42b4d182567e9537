#include "common/workflow/types/variables.hpp"

#include "common/workflow/problem_list.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

// What later nodes see is known from the file: so is the operation.
void check_variables(const NodeType& type, const SourceNode& config, const std::string& path, ProblemList& problems) {
  const SourceNode* operation = type.given(config, "operation");
  const SourceNode* values = type.given(config, "values");
  const SourceNode* names = type.given(config, "names");
  if (operation != nullptr && holds_template(*operation)) {
    problems.add(path + ".operation", *operation, "'operation' must be a fixed word, not a template",
                 "use one variables node for each operation");
    return;
  }
  const std::string word = operation == nullptr || !operation->is_scalar() ? "set" : operation->scalar;
  if ((word == "set" || word == "merge") && values == nullptr) {
    problems.add(path + ".values", config, fmt::format("'operation: {}' needs 'values'", word),
                 "for example values: {name: value}");
  }
  if (word == "delete" && names == nullptr)
    problems.add(path + ".names", config, "'operation: delete' needs 'names'", "for example names: [one, two]");
}

std::shared_ptr<const ParsedConfig> parse_variables(ConfigReader& config) {
  auto variables = std::make_shared<VariablesConfig>();
  variables->operation = config.text("operation").value_or("set");
  if (const auto values = config.find("values")) {
    if (!values->is_open()) values->map();  // says so when it is none
    variables->values = values->operand();
  }
  variables->names = config.operand("names");
  variables->passthrough = config.boolean("passthrough").value_or(true);
  variables->reads_input = variables->passthrough;
  return variables;
}

}  // namespace

NodeType variables_type() {
  return {
      .name = "variables",
      .node_class = NodeClass::pure,
      .fields = {{.name = "operation", .kind = ConfigKind::word, .words = {"set", "get", "merge", "delete", "list"}},
                 {.name = "values", .kind = ConfigKind::parts},
                 {.name = "names", .kind = ConfigKind::parts},
                 {.name = "passthrough", .kind = ConfigKind::boolean}},
      .parse = parse_variables,
      .check = check_variables};
}

}  // namespace r8r::workflow
