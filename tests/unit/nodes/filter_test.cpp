#include <gtest/gtest.h>

#include "tests/unit/nodes/running.hpp"

namespace r8r::nodes {
namespace {

/// Runs a filter with one condition on "x"; the x of the items that pass.
std::string passing(std::string_view condition, std::string_view items) {
  const NodeRun run = run_one("filter", fmt::format("{{conditions: [{{field: x, {}}}]}}", condition), items);
  return run.outcome == Outcome::completed ? run.output : run.error;
}

TEST(Filter, KeepsTheItemsThatPassInOrder) {
  EXPECT_EQ(run_one("filter", "{condition: 'item > 2'}", "[3,1,2,5]").output, "[3,5]");
  EXPECT_EQ(run_one("filter", "{condition: '{{ item.a == index }}'}", R"([{"a":0},{"a":0},{"a":2}])").output,
            R"([{"a":0},{"a":2}])");
  EXPECT_EQ(run_one("filter", "{condition: 'true'}", "[]").output, "[]");
}

TEST(Filter, FindsTheListUnderEachNameOfThePath) {
  for (const std::string_view path : {"path: input.rows", "field: rows", "input_field: '{{ input.rows }}'",
                                      "path: '{{ rows }}'", "path: 'input[\"rows\"]'"}) {
    EXPECT_EQ(run_one("filter", fmt::format("{{{}, condition: 'item > 1'}}", path), R"({"rows":[1,2]})").output, "[2]")
        << path;
  }
  EXPECT_EQ(run_one("filter", "{path: order-lines.all, condition: 'true'}", R"({"order-lines":{"all":[1]}})").output,
            "[1]");
}

TEST(Filter, SaysWhatIsNoArray) {
  EXPECT_EQ(run_one("filter", "{condition: 'true'}", "null").error, "the input must be an array, not null");
  EXPECT_EQ(run_one("filter", "{condition: 'true'}", "{}").error,
            "the input must be an array, not a map; 'path' says where in it the array is");
  const NodeRun run = run_one("filter", "{path: a.b, condition: 'true'}", "{}");
  EXPECT_EQ(run.error, "path: 'input.a.b' must be an array, not null");
  EXPECT_EQ(run.error_code, "INVALID_INPUT");
  EXPECT_TRUE(run.permanent);
}

TEST(Filter, AConditionMustBeABoolForEveryItem) {
  EXPECT_EQ(run_one("filter", "{condition: 'item'}", "[true,1]").error,
            "item 1: condition: the value must be true or false, not an integer");
  EXPECT_NE(run_one("filter", "{condition: 'item.a.b > 1'}", R"([{"a":null}])").error.find("item 0: condition: "),
            std::string::npos);
}

TEST(Filter, ComparesNumbersTextAndNumericText) {
  EXPECT_EQ(passing("operator: gt, value: 9", R"([{"x":10},{"x":"10"},{"x":9},{"x":"abc"},{"x":null},{}])"),
            R"([{"x":10},{"x":"10"}])");
  EXPECT_EQ(passing("operator: lt, value: '10'", R"([{"x":"9"},{"x":9.5},{"x":"1e3"}])"), R"([{"x":"9"},{"x":9.5}])");
  EXPECT_EQ(
      passing("operator: gte, value: '2026-01-20'", R"([{"x":"2026-01-19"},{"x":"2026-01-20T08:00:00Z"},{"x":5}])"),
      R"([{"x":"2026-01-20T08:00:00Z"}])");
  EXPECT_EQ(passing("operator: lte, value: 2", R"([{"x":2.0},{"x":3},{"x":[]},{"x":true}])"), R"([{"x":2.0}])");
}

TEST(Filter, EqualityIsStrictInTypeAndNullIsAsGoodAsMissing) {
  EXPECT_EQ(passing("operator: equals, value: 5", R"([{"x":5},{"x":5.0},{"x":"5"}])"), R"([{"x":5},{"x":5.0}])");
  EXPECT_EQ(passing("operator: equals, value: null", R"([{"x":null},{},{"x":0}])"), R"([{"x":null},{}])");
  EXPECT_EQ(passing("operator: not_equals, value: {a: [1]}", R"([{"x":{"a":[1]}},{"x":{"a":[2]}}])"),
            R"([{"x":{"a":[2]}}])");
}

TEST(Filter, ContainsLooksIntoTextListsAndKeys) {
  EXPECT_EQ(passing("operator: contains, value: b", R"([{"x":"abc"},{"x":["b"]},{"x":{"b":1}},{"x":5},{}])"),
            R"([{"x":"abc"},{"x":["b"]},{"x":{"b":1}}])");
  EXPECT_EQ(passing("operator: not_contains, value: 1", R"([{"x":[1.0]},{"x":"a1"},{"x":null}])"), R"([{"x":null}])");
  EXPECT_EQ(passing("operator: starts_with, value: ä", R"([{"x":"äb"},{"x":"a"},{"x":1}])"), R"([{"x":"äb"}])");
  EXPECT_EQ(passing("operator: ends_with, value: ''", R"([{"x":"a"},{"x":null}])"), R"([{"x":"a"}])");
}

TEST(Filter, InTakesAListOfAnyLength) {
  EXPECT_EQ(passing("operator: in, value: [a, 1, null]", R"([{"x":"a"},{"x":1.0},{},{"x":2}])"),
            R"([{"x":"a"},{"x":1.0},{}])");
  EXPECT_EQ(passing("operator: not_in, value: [1,2,3,4,5,6,7,8,9]", R"([{"x":9},{"x":10}])"), R"([{"x":10}])");
  EXPECT_EQ(run_one("filter", "{path: rows, conditions: [{operator: in, value: '{{ input.ids }}'}]}",
                    R"({"rows":[1,2],"ids":[2]})")
                .output,
            "[2]");
  EXPECT_EQ(passing("operator: in, value: '{{ item.y }}'", R"([{"x":1,"y":[1]},{"x":2,"y":[1]}])"),
            R"([{"x":1,"y":[1]}])");
  EXPECT_EQ(passing("operator: in, value: '{{ item.y }}'", R"([{"x":1,"y":5}])"),
            "item 0: conditions[0].value: it must be an array, not an integer");
}

TEST(Filter, ExpressionsOfPatternsAreCompiledOnceAndChecked) {
  EXPECT_EQ(passing("operator: regex, value: '^a.c$'", R"([{"x":"abc"},{"x":"xabc"},{"x":5}])"), R"([{"x":"abc"}])");
  EXPECT_NE(run_one("filter", "{path: rows, conditions: [{operator: regex, value: '{{ input.p }}'}]}",
                    R"({"rows":["a"],"p":"("})")
                .error.find("conditions[0].value: the pattern is wrong"),
            std::string::npos);
}

TEST(Filter, LooksAtPresenceEmptinessAndTruth) {
  const std::string_view items = R"([{"x":null},{},{"x":""},{"x":[]},{"x":{}},{"x":0},{"x":false},{"x":true}])";
  EXPECT_EQ(passing("operator: exists", items), R"([{"x":""},{"x":[]},{"x":{}},{"x":0},{"x":false},{"x":true}])");
  EXPECT_EQ(passing("operator: not_exists", items), R"([{"x":null},{}])");
  EXPECT_EQ(passing("operator: is_empty", items), R"([{"x":null},{},{"x":""},{"x":[]},{"x":{}}])");
  EXPECT_EQ(passing("operator: is_not_empty", items), R"([{"x":0},{"x":false},{"x":true}])");
  EXPECT_EQ(passing("operator: is_true", items), R"([{"x":true}])");
  EXPECT_EQ(passing("operator: is_false", items), R"([{"x":false}])");
}

TEST(Filter, FieldsArePathsIntoTheItem) {
  const std::string_view items = R"([{"a":{"b":[{"c":1}]}},{"a.b":2},{"item":{"b":3}}])";
  const auto with_field = [&](std::string_view field) {
    return run_one("filter", fmt::format("{{conditions: [{{field: '{}', operator: exists}}]}}", field), items).output;
  };
  EXPECT_EQ(with_field("a.b.0.c"), R"([{"a":{"b":[{"c":1}]}}])");
  EXPECT_EQ(with_field("a.b[-1].c"), R"([{"a":{"b":[{"c":1}]}}])");
  EXPECT_EQ(with_field("a.b"), R"([{"a":{"b":[{"c":1}]}},{"a.b":2}])");
  EXPECT_EQ(with_field("item.a"), R"([{"a":{"b":[{"c":1}]}}])");
  EXPECT_EQ(with_field("item.b"), R"([{"item":{"b":3}}])");
  EXPECT_EQ(with_field("{{ item?.a?.b?[0]?.c }}"), R"([{"a":{"b":[{"c":1}]}}])");
}

TEST(Filter, MatchesAllOrAny) {
  const std::string conditions = "conditions: [{operator: gt, value: 1}, {operator: lt, value: 4}]";
  EXPECT_EQ(run_one("filter", "{" + conditions + "}", "[0,2,5]").output, "[2]");
  EXPECT_EQ(run_one("filter", "{" + conditions + ", match_mode: any}", "[0,2,5]").output, "[0,2,5]");
  EXPECT_EQ(run_one("filter",
                    "{path: rows, match_mode: '{{ input.m }}', conditions: [{operator: gt, value: 1}, "
                    "{operator: equals, value: '{{ item }}'}]}",
                    R"({"rows":[0,2],"m":"any"})")
                .output,
            "[0,2]");
}

TEST(Filter, TemplatesMayGiveOperatorsAndWholeLists) {
  EXPECT_EQ(run_one("filter", "{path: rows, conditions: [{operator: '{{ input.op }}', value: 1}]}",
                    R"({"rows":[1,2],"op":"gt"})")
                .output,
            "[2]");
  EXPECT_EQ(run_one("filter", "{path: rows, conditions: [{operator: '{{ input.op }}', value: 1}]}",
                    R"({"rows":[1],"op":"gtt"})")
                .error,
            "conditions[0].operator: unknown operator 'gtt'; did you mean 'gt'?");
  EXPECT_EQ(run_one("filter", "{path: rows, conditions: '{{ input.c }}'}",
                    R"({"rows":[1,2],"c":[{"operator":"equals","value":2}]})")
                .output,
            "[2]");
  EXPECT_EQ(
      run_one("filter", "{path: rows, conditions: '{{ input.c }}'}", R"({"rows":[1],"c":[{"operator":"gt"}]})").error,
      "conditions[0]: 'gt' needs a 'value' to compare with");
}

TEST(Filter, AllItemsTogetherHaveABudgetThatGrowsWithTheList) {
  std::string many = "[0";
  for (int i = 1; i < 100'000; ++i) many += ",1";
  many += "]";
  const NodeRun run = run_one("filter", "{condition: 'item == 0'}", many);
  EXPECT_EQ(run.output, "[0]") << run.error;
  const NodeRun costly =
      run_one("filter", "{condition: 'let t = 0; for i in 0..30000 { t += 1; } t > 0'}", many.substr(0, 400) + "]");
  EXPECT_NE(costly.error.find("expression limit exceeded: operations"), std::string::npos) << costly.error;
}

}  // namespace
}  // namespace r8r::nodes
