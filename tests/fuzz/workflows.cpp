#include "common/base/json_text.hpp"
#include "common/expr/json.hpp"
#include "common/workflow/workflow.hpp"
#include "tests/fuzz/targets.hpp"

namespace r8r::fuzz {

void load_workflow(std::string_view input) {
  const workflow::LoadResult result = workflow::load(input);
  promise((result.workflow == nullptr) == !result.problems.empty(), "a file is either loaded or has problems");
  for (const workflow::Problem& problem : result.problems) {
    promise(!problem.message.empty(), "a problem says what is wrong");
    promise(problem.line >= 0 && problem.column >= 0, "a place is not negative");
  }
  const std::string problems = workflow::problems_json(result.problems);
  promise(is_valid_utf8(problems) && expr::parse_json(problems).has_value(), "the list of problems is JSON");
  if (result.workflow == nullptr) return;
  promise(!result.workflow->nodes.empty(), "a workflow has nodes");
  promise(result.workflow->order.size() == result.workflow->nodes.size(), "every node has its place in the order");
  const Result<std::string> checked = workflow::check_input(*result.workflow, R"({"a":1,"b":"x"})");
  if (checked) promise(expr::parse_json(*checked).has_value(), "a checked input is JSON");
}

}  // namespace r8r::fuzz
