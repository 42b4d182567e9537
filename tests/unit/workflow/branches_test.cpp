#include <gtest/gtest.h>

#include "common/workflow/case_text.hpp"
#include "common/workflow/routing.hpp"
#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::string nodes(std::string_view lines) {
  return fmt::format("name: t\nnodes:\n{}", lines);
}

TEST(Branches, NamesOfNodesAreKnownAndOtherNamesAreLabels) {
  const auto loaded = must_load(nodes(R"(
  - {id: s, type: switch, config: {expression: input, cases: {a: x, b: [x, y, nothing], c: '{{ input }}', d: 5}, default: y}}
  - {id: x, type: debug, depends_on: s}
  - {id: y, type: debug, depends_on: x}
)"));
  const Node& node = loaded->nodes[0];
  ASSERT_EQ(node.branches.size(), 5u);
  EXPECT_EQ(node.branches[0].nodes, std::vector<int>{1});
  EXPECT_EQ(node.branches[1].nodes, (std::vector<int>{1, 2}));
  EXPECT_TRUE(node.branches[2].nodes.empty());
  EXPECT_TRUE(node.branches[3].nodes.empty());
  EXPECT_EQ(node.branches[4].name, "default");
  EXPECT_EQ(node.branches[4].nodes, std::vector<int>{2});
}

TEST(Branches, BothNamesOfAnIfsBranchesAreRead) {
  const auto loaded = must_load(nodes(R"(
  - {id: s, type: if, config: {condition: input, true_node: x, false_branch: y}}
  - {id: x, type: debug, depends_on: s}
  - {id: y, type: debug, depends_on: s}
)"));
  EXPECT_EQ(loaded->nodes[0].branches[0].nodes, std::vector<int>{1});
  EXPECT_EQ(loaded->nodes[0].branches[1].nodes, std::vector<int>{2});
}

TEST(Branches, ANamedNodeMustComeAfter) {
  EXPECT_EQ(problems_of(nodes("  - {id: s, type: if, config: {condition: input, true_branch: x}}\n"
                              "  - {id: x, type: debug}\n")),
            "3:63 nodes[0].config.true_branch: the branch leads to 'x', which does not come after 's' (add 's' to the "
            "depends_on of 'x')\n");
  EXPECT_EQ(
      problems_of(nodes("  - {id: s, type: if, config: {condition: input, true_branch: s}}\n")),
      "3:63 nodes[0].config.true_branch: the branch leads to 's', which does not come after 's' (name a node that "
      "depends on this one)\n");
}

TEST(Branches, ASwitchLooksAtOneThing) {
  EXPECT_EQ(
      problems_of(nodes("  - {id: s, type: switch, config: {cases: {a: b}}}\n")),
      "3:35 nodes[0].config.expression: a switch node needs an 'expression' or a 'field' (for example expression: "
      "input.status, or field: status)\n");
  EXPECT_EQ(problems_of(nodes("  - {id: s, type: switch, config: {expression: input.a, field: a, cases: {a: b}}}\n")),
            "3:64 nodes[0].config.field: 'expression' and 'field' say the same thing (give one of them)\n");
}

TEST(Branches, CasesMustBeCases) {
  EXPECT_EQ(problems_of(nodes("  - {id: s, type: switch, config: {expression: input}}\n")),
            "3:35 nodes[0].config.cases: a switch node needs at least one case\n");
  EXPECT_EQ(problems_of(nodes("  - {id: s, type: switch, config: {expression: input, cases: 5}}\n")),
            "3:62 nodes[0].config.cases: 'cases' must be a map or a list, not a number (for example cases: {gold: "
            "node-a, silver: node-b})\n");
  EXPECT_EQ(problems_of(nodes("  - {id: s, type: switch, config: {expression: input, cases: [{output: x}, {value: 1, "
                              "lable: y}]}}\n")),
            "3:63 nodes[0].config.cases[0].value: the field 'value' is missing\n"
            "3:87 nodes[0].config.cases[1].lable: unknown field 'lable' in nodes[0].config.cases[1] (did you mean "
            "'label'?)\n");
}

TEST(Branches, ACaseThatMentionsTheValueIsAnExpression) {
  const auto loaded = must_load(
      nodes("  - {id: s, type: switch, config: {expression: input.n, cases: {'value > 5': a, '>= 5': b, value: c, "
            "high-value: d}}}\n"));
  const Node& node = loaded->nodes[0];
  EXPECT_TRUE(node.branches[0].when);
  EXPECT_FALSE(node.branches[1].when);
  EXPECT_FALSE(node.branches[2].when);
  EXPECT_FALSE(node.branches[3].when);
  EXPECT_NE(problems_of(nodes("  - {id: s, type: switch, config: {expression: input, cases: {'value >': a}}}\n")), "");
}

TEST(Branches, ADecisionLeadsAwayFromWhatOnlyTheOthersName) {
  Node node;
  node.branches = {{"a", {3, 1}, {}}, {"b", {1, 2}, {}}, {"c", {}, {}}};
  EXPECT_EQ(routed_away(node, {0}), std::vector<int>{2});
  EXPECT_EQ(routed_away(node, {2}), (std::vector<int>{1, 2, 3}));
  EXPECT_TRUE(routed_away(node, {0, 1}).empty());
}

TEST(Branches, AComparisonIsAnOperatorAndItsOperand) {
  const CaseText text = split_case(" >=  10 ");
  EXPECT_EQ(text.op, ">=");
  EXPECT_EQ(text.operand, "10");
  EXPECT_EQ(split_case("gold").operand, "gold");
}

}  // namespace
}  // namespace r8r::workflow
