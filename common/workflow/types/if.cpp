#include "common/workflow/types/if.hpp"

#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

std::shared_ptr<const ParsedConfig> parse_if(ConfigReader& config) {
  auto choice = std::make_shared<IfConfig>();
  choice->conditions = read_conditions(config, false);
  choice->true_branch = config.operand("true_branch");
  choice->false_branch = config.operand("false_branch");
  choice->reads_input = !choice->conditions.expression;
  return choice;
}

}  // namespace

NodeType if_type() {
  std::vector<ConfigFieldType> fields = condition_fields(false);
  fields.push_back({.name = "true_branch", .kind = ConfigKind::parts, .aliases = {"true_node"}});
  fields.push_back({.name = "false_branch", .kind = ConfigKind::parts, .aliases = {"false_node"}});
  return {.name = "if", .node_class = NodeClass::pure, .fields = std::move(fields), .parse = parse_if};
}

}  // namespace r8r::workflow
