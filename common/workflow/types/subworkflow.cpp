#include "common/workflow/sections.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

void check_subworkflow(const NodeType& type, const SourceNode& config, const std::string& path, ProblemList& problems) {
  const SourceNode* name = type.given(config, "workflow");
  if (name != nullptr && name->is_scalar() && !holds_template(*name) && !is_workflow_name(name->scalar))
    problems.add(path + ".workflow", *name, fmt::format("'{}' cannot be the name of a workflow", name->scalar),
                 kNameForm);
  const SourceNode* field = type.given(config, "input_field");
  if (field != nullptr && type.given(config, "input") != nullptr)
    problems.add(path + ".input_field", *field, "'input_field' cannot stand beside 'input'", "give one of them");
}

}  // namespace

// For the engine an effect: what it starts is started once for each attempt, and only after the attempt is recorded.
NodeType subworkflow_type() {
  return {.name = "subworkflow",
          .node_class = NodeClass::effect,
          .fields = {{.name = "workflow", .kind = ConfigKind::text, .required = true},
                     {.name = "input"},
                     {.name = "input_field", .kind = ConfigKind::path},
                     {.name = "timeout_seconds", .kind = ConfigKind::number, .low = 0.001, .high = 31'536'000},
                     {.name = "wait", .kind = ConfigKind::boolean}},
          .reads_input = true,
          .check = check_subworkflow};
}

}  // namespace r8r::workflow
