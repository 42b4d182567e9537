#include "common/workflow/graph.hpp"

#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

// "b: a" per line: b depends on a.
std::string with_edges(std::initializer_list<std::pair<std::string_view, std::string_view>> nodes) {
  std::string text = "name: t\nnodes:\n";
  for (const auto& [id, dependencies] : nodes)
    text += fmt::format("  - {{id: {}, type: debug, depends_on: [{}]}}\n", id, dependencies);
  return text;
}

TEST(Graph, LevelsAreTheLongestWayFromARoot) {
  const auto workflow = must_load(with_edges({{"d", "b, c"}, {"b", "a"}, {"c", "b"}, {"a", ""}, {"alone", ""}}));
  std::map<std::string, int> levels;
  for (const Node& node : workflow->nodes) levels[node.id] = node.level;
  EXPECT_EQ(levels, (std::map<std::string, int>{{"a", 0}, {"alone", 0}, {"b", 1}, {"c", 2}, {"d", 3}}));
}

TEST(Graph, OrderIsByLevelThenByPositionInTheFile) {
  const auto workflow = must_load(with_edges({{"d", "b, c"}, {"b", "a"}, {"c", "b"}, {"a", ""}, {"alone", ""}}));
  EXPECT_EQ(workflow->order, (std::vector<int>{3, 4, 1, 2, 0}));
}

TEST(Graph, DependenciesKeepTheOrderOfTheFile) {
  const auto workflow = must_load(with_edges({{"a", ""}, {"b", ""}, {"c", "b, a"}}));
  EXPECT_EQ(workflow->nodes[2].depends_on, (std::vector<int>{1, 0}));
  EXPECT_EQ(workflow->nodes[2].needs, (std::vector<int>{0, 1}));
}

TEST(Graph, CyclesAreShown) {
  EXPECT_EQ(
      problems_of(with_edges({{"a", "c"}, {"b", "a"}, {"c", "b"}})),
      "3:38 nodes[0].depends_on: the dependencies form a cycle: a → b → c → a (remove one of these dependencies)\n");
}

TEST(Graph, EachCycleIsReported) {
  const std::string problems =
      problems_of(with_edges({{"root", ""}, {"a", "b, root"}, {"b", "a"}, {"x", "z"}, {"y", "x"}, {"z", "y"}}));
  EXPECT_NE(problems.find("a → b → a"), std::string::npos) << problems;
  EXPECT_NE(problems.find("x → y → z → x"), std::string::npos) << problems;
}

TEST(Graph, NodesCannotDependOnThemselvesOrTwiceOrOnNothing) {
  EXPECT_EQ(problems_of(with_edges({{"a", "a"}})),
            "3:39 nodes[0].depends_on: the node 'a' depends on itself (remove it from depends_on)\n");
  EXPECT_EQ(problems_of(with_edges({{"a", ""}, {"b", "a, a"}})),
            "4:42 nodes[1].depends_on: 'a' is there twice (remove one)\n");
  EXPECT_EQ(problems_of(with_edges({{"alpha", ""}, {"b", "alhpa"}})),
            "4:39 nodes[1].depends_on: there is no node 'alhpa' (did you mean 'alpha'?)\n");
}

TEST(Graph, ACycleThroughTheLargestWorkflowIsFoundWithoutRecursion) {
  std::string text = "name: t\nnodes:\n";
  for (int i = 0; i < 1'000; ++i)
    text += fmt::format("  - {{id: n{}, type: debug, depends_on: n{}}}\n", i, (i + 999) % 1'000);
  EXPECT_NE(problems_of(text).find("the dependencies form a cycle: n0 → n1 → n2"), std::string::npos);
}

TEST(Graph, UpstreamIsTransitive) {
  std::vector<Node> nodes(70);
  for (int i = 0; i < 70; ++i) {
    nodes[static_cast<std::size_t>(i)].index = i;
    if (i > 0 && i != 69) nodes[static_cast<std::size_t>(i)].depends_on = {i - 1};
  }
  const Graph graph(nodes);
  EXPECT_TRUE(graph.is_upstream(0, 68));
  EXPECT_FALSE(graph.is_upstream(68, 0));
  EXPECT_FALSE(graph.is_upstream(68, 68));
  EXPECT_FALSE(graph.is_upstream(0, 69));
  EXPECT_EQ(graph.upstream(66).size(), 66u);
  EXPECT_EQ(graph.upstream(3), (std::vector<int>{0, 1, 2}));
}

}  // namespace
}  // namespace r8r::workflow
