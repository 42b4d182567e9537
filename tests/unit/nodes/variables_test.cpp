#include <gtest/gtest.h>

#include "tests/unit/nodes/running.hpp"

namespace r8r::nodes {
namespace {

std::string changed(std::string_view config) {
  Segment segment = segment_of(fmt::format(
      "variables: {{a: 1, m: {{x: 1, y: 2}}}}\nnodes:\n  - {{id: v, type: variables, config: {}}}\n", config));
  EXPECT_TRUE(segment.set_input("7"));
  const NodeRun run = segment.run(0);
  return run.outcome == Outcome::completed ? run.output : run.error;
}

TEST(Variables, EachOperationSaysWhatItDid) {
  EXPECT_EQ(changed("{values: {b: '{{ variables.a + 1 }}'}}"),
            R"({"variables":{"a":1,"m":{"x":1,"y":2},"b":2},"set":["b"],"input":7})");
  EXPECT_EQ(changed("{operation: get, names: [a, zz], passthrough: false}"), R"({"variables":{"a":1,"zz":null}})");
  EXPECT_EQ(changed("{operation: get, passthrough: false}"), R"({"variables":{"a":1,"m":{"x":1,"y":2}}})");
  EXPECT_EQ(changed("{operation: merge, values: {m: {y: 3}}, passthrough: false}"),
            R"({"variables":{"a":1,"m":{"x":1,"y":3}}})");
  EXPECT_EQ(changed("{operation: delete, names: [a, zz], passthrough: false}"),
            R"({"variables":{"m":{"x":1,"y":2}},"deleted":["a"]})");
  EXPECT_EQ(changed("{operation: list, passthrough: false}"),
            R"({"variables":{"a":1,"m":{"x":1,"y":2}},"names":["a","m"],"count":2})");
  EXPECT_EQ(changed("{operation: delete, names: '{{ 5 }}'}"),
            "names: must be a name or a list of names, not an integer");
}

// What the last node sees when all run in one segment, and when each output comes from outside.
void expect_seen(std::string_view nodes, std::string_view seen) {
  const std::string yaml = fmt::format("variables: {{a: 0, b: 0}}\nnodes:\n{}", nodes);
  Segment together = segment_of(yaml);
  ASSERT_TRUE(together.set_input("null"));
  std::vector<std::pair<std::string, std::string>> outputs;
  NodeRun run;
  const int count = static_cast<int>(std::count(nodes.begin(), nodes.end(), '\n'));
  for (int i = 0; i < count; ++i) {
    run = together.run(i);
    ASSERT_NE(run.outcome, Outcome::failed) << run.error;
    outputs.emplace_back(fmt::format("n{}", i), run.output);
  }
  EXPECT_EQ(run.output, seen);
  Segment apart = segment_of(yaml);
  ASSERT_TRUE(apart.set_input("null"));
  outputs.pop_back();
  for (const auto& [id, output] : outputs) ASSERT_TRUE(apart.set_output(id, output));
  EXPECT_EQ(apart.run(count - 1).output, seen);
}

TEST(Variables, NodesDownstreamSeeTheChanges) {
  expect_seen(R"(  - {id: n0, type: variables, config: {values: {a: 1, c: 2}}}
  - {id: n1, type: variables, depends_on: n0, config: {operation: delete, names: b}}
  - {id: n2, type: transform, depends_on: n1, config: {expression: variables}}
)",
              R"({"a":1,"c":2})");
}

TEST(Variables, ANodeBesideSeesNone) {
  expect_seen(R"(  - {id: n0, type: variables, config: {values: {a: 1}}}
  - {id: n1, type: transform, config: {expression: variables.a}}
)",
              "0");
}

TEST(Variables, ChangesOfParallelBranchesMeetInTopologicalOrder) {
  expect_seen(R"(  - {id: n0, type: variables, config: {values: {a: 1}}}
  - {id: n1, type: variables, config: {operation: merge, values: {b: 2}}}
  - {id: n2, type: variables, config: {values: {a: 3}}}
  - {id: n3, type: transform, depends_on: [n2, n1, n0], config: {expression: variables}}
)",
              R"({"a":3,"b":2})");
}

TEST(Variables, SettingWhatIsThereStillCounts) {
  expect_seen(R"(  - {id: n0, type: variables, config: {values: {a: 5}}}
  - {id: n1, type: variables, config: {values: {a: 0}}}
  - {id: n2, type: transform, depends_on: [n0, n1], config: {expression: variables.a}}
)",
              "0");
}

TEST(Variables, ASkippedNodeChangesNothing) {
  expect_seen(R"(  - {id: n0, type: variables, condition: 'false', config: {values: {a: 5}}}
  - {id: n1, type: transform, depends_on: n0, config: {expression: variables.a}}
)",
              "0");
}

TEST(Variables, LongChainsAreQuick) {
  std::string nodes = "  - {id: n0, type: variables, config: {values: {a: 0}}}\n";
  for (int i = 1; i < 60; ++i)
    nodes += fmt::format(
        "  - {{id: n{}, type: variables, depends_on: n{}, config: {{values: {{a: '{{{{ variables.a + 1 }}}}'}}, "
        "passthrough: false}}}}\n",
        i, i - 1);
  nodes += "  - {id: n60, type: transform, depends_on: n59, config: {expression: variables.a}}\n";
  expect_seen(nodes, "59");
}

}  // namespace
}  // namespace r8r::nodes
