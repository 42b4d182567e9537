#include "common/base/json_text.hpp"
#include "common/expr/json.hpp"
#include "common/workflow/source_reader.hpp"
#include "common/workflow/workflow.hpp"
#include "tests/fuzz/targets.hpp"

namespace r8r::fuzz {

namespace {

/// The quick reader has no opinions of its own.
void compare_readers(std::string_view input) {
  if (input.starts_with("\xef\xbb\xbf")) input.remove_prefix(3);
  const auto allowed = [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t' || c == '\r'; };
  if (!is_valid_utf8(input) || !std::all_of(input.begin(), input.end(), allowed)) return;
  const auto quick = workflow::read_plain_yaml(input);
  if (!quick) return;
  const workflow::ReadResult read = workflow::read_yaml(input);
  promise(quick->root == read.root, "both YAML readers read the same tree");
  promise(quick->problems.size() == read.problems.size() && quick->warnings.size() == read.warnings.size(),
          "both YAML readers remark the same");
}

}  // namespace

void load_workflow(std::string_view input) {
  compare_readers(input);
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
