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

}  // namespace

NodeType switch_type() {
  return {.name = "switch",
          .node_class = NodeClass::pure,
          .fields = {{.name = "expression", .kind = ConfigKind::expression},
                     {.name = "field", .kind = ConfigKind::path},
                     {.name = "cases"},
                     {.name = "default"},
                     {.name = "mode", .kind = ConfigKind::word, .words = {"first", "all"}}},
          .check = check_switch};
}

}  // namespace r8r::workflow
