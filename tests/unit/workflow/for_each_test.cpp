// for_each and fallback nodes as the file says them.
#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::string nodes(std::string_view lines) {
  return fmt::format("name: t\nnodes:\n{}", lines);
}
bool refused(std::string_view lines, std::string_view what) {
  const std::string problems = problems_of(nodes(lines));
  EXPECT_NE(problems.find(what), std::string::npos) << problems;
  return problems.find(what) != std::string::npos;
}

TEST(ForEach, IsTheInputOrAnExpression) {
  EXPECT_FALSE(must_load(with_node_lines("    for_each: false\n"))->nodes[0].for_each);
  const auto input = must_load(with_node_lines("    for_each: true\n"));
  ASSERT_TRUE(input->nodes[0].for_each);
  EXPECT_FALSE(input->nodes[0].for_each->list);
  EXPECT_TRUE(input->nodes[0].needs_input);
  EXPECT_TRUE(must_load(with_node_lines("    for_each: '{{ input.rows }}'\n"))->nodes[0].for_each->list);
  EXPECT_EQ(
      problems_of(with_node_lines("    for_each: [1, 2]\n")),
      "6:15 nodes[0].for_each: 'for_each' must be true or an expression that gives an array, not a list (for example "
      "for_each: input.items)\n");
}

TEST(ForEach, ItemAndIndexAreInScopeOfConfigAndFallbackButNotOfTheCondition) {
  must_load(
      nodes("  - {id: a, type: set, for_each: true, config: {values: {x: '{{ item.y }} {{ index }}'}},\n"
            "     on_error: {fallback_value: '{{ item }}'}}\n"));
  EXPECT_TRUE(refused("  - {id: a, type: debug, for_each: true, condition: 'item.y'}\n", "have no meaning here"));
  EXPECT_TRUE(refused("  - {id: a, type: set, config: {values: {x: '{{ item.y }}'}}}\n", "have no meaning here"));
}

TEST(ForEach, AnItemNeedsOnlyWhatItsConfigNames) {
  const auto loaded = must_load(nodes(R"(
  - {id: rows, type: debug}
  - {id: key, type: debug}
  - {id: call, type: http, depends_on: [rows, key], for_each: nodes.rows, config: {url: 'https://x/{{ item }}/{{ nodes.key }}'}}
)"));
  EXPECT_EQ(loaded->nodes[2].needs, (std::vector<int>{0, 1}));
  EXPECT_EQ(loaded->nodes[2].item_needs, std::vector<int>{1});
}

TEST(ForEach, SomeNodesCannotRunForEachItem) {
  EXPECT_TRUE(refused("  - {id: a, type: wait, for_each: true, config: {seconds: 1}}\n",
                      "nodes of type wait cannot be run for each item"));
  EXPECT_TRUE(refused("  - {id: a, type: variables, for_each: true, config: {values: {x: 1}}}\n",
                      "cannot be run for each item"));
  EXPECT_TRUE(
      refused("  - {id: a, type: if, for_each: true, config: {condition: 'true', true_branch: b}}\n"
              "  - {id: b, type: debug, depends_on: a}\n",
              "a node that runs for each item cannot lead to other nodes"));
}

TEST(FallbackNode, IsTakenOutOfTheNormalFlow) {
  const auto loaded = must_load(nodes(R"(
  - {id: a, type: debug, on_error: {action: fallback, fallback_node: b}}
  - {id: b, type: debug, depends_on: a}
)"));
  EXPECT_EQ(loaded->nodes[0].fallback_node, 1);
  EXPECT_TRUE(loaded->nodes[1].only_fallback);
  EXPECT_TRUE(loaded->nodes[1].depends_on.empty());
}

TEST(FallbackNode, MustBeANodeForThatAlone) {
  const auto with = [](std::string_view rest) {
    return fmt::format("  - {{id: a, type: debug, on_error: {{fallback_node: b}}}}\n{}", rest);
  };
  EXPECT_TRUE(refused(with(""), "there is no node 'b'"));
  EXPECT_TRUE(refused(with("  - {id: b, type: debug}\n  - {id: c, type: debug, depends_on: b}\n"),
                      "'c' depends on the fallback node 'b', which runs only when 'a' fails"));
  EXPECT_TRUE(
      refused(with("  - {id: c, type: debug}\n  - {id: b, type: debug, depends_on: c}\n"), "which need not be done"));
  EXPECT_TRUE(refused(with("  - {id: b, type: wait, config: {seconds: 1}}\n"), "a wait node cannot be a fallback"));
  EXPECT_TRUE(refused(with("  - {id: b, type: debug, for_each: true}\n"), "cannot run for each item"));
  EXPECT_TRUE(refused(with("  - {id: b, type: debug, on_error: {fallback_node: c}}\n  - {id: c, type: debug}\n"),
                      "has a fallback node of its own"));
  EXPECT_TRUE(refused("  - {id: a, type: debug, on_error: {fallback_node: a}}\n", "is its own fallback"));
  EXPECT_TRUE(
      refused("  - {id: a, type: debug, for_each: true, on_error: {fallback_node: b}}\n  - {id: b, type: debug}\n",
              "cannot have a fallback node"));
  EXPECT_TRUE(
      refused(with("  - {id: b, type: debug}\n  - {id: s, type: if, config: {condition: 'true', true_branch: b}}\n"),
              "is a fallback and runs in no branch"));
}

}  // namespace
}  // namespace r8r::workflow
