#include "common/workflow/types/if.hpp"

#include "common/nodes/conditions.hpp"

namespace r8r::nodes {

BodyResult run_if(Call& call) {
  const auto& config = call.config_as<workflow::IfConfig>();
  const auto test = ConditionTest::prepare(config.conditions, call.context);
  if (!test) return tl::make_unexpected(test.error());
  const auto holds = test->holds(call.input, call.context);
  if (!holds) return tl::make_unexpected(holds.error());
  const bool yes = *holds;
  expr::Value branches[2];  // false, true
  for (const bool which : {false, true}) {
    const auto& operand = which ? config.true_branch : config.false_branch;
    if (!operand) continue;
    BodyResult value = call.evaluate(*operand, which ? "true_branch" : "false_branch");
    if (!value) return value;
    branches[which ? 1 : 0] = std::move(*value);
  }
  const expr::Value& selected = branches[yes ? 1 : 0];
  call.taken = std::vector<int>{yes ? 0 : 1};
  expr::Map output;
  output.set("condition_result", expr::Value::boolean(yes));
  output.set("selected_branch", selected.is_null() ? expr::Value::string(yes ? "true" : "false") : selected);
  output.set("true_branch", branches[1]);
  output.set("false_branch", branches[0]);
  return expr::Value::map(std::move(output));
}

}  // namespace r8r::nodes
