#include <gtest/gtest.h>

#include "tests/unit/nodes/running.hpp"

namespace r8r::nodes {
namespace {

/// The output, or the error.
std::string result(std::string_view type, std::string_view config, std::string_view input) {
  const NodeRun run = run_one(type, config, input);
  return run.outcome == Outcome::completed ? run.output : run.error;
}

TEST(Sort, OrdersItemsByThemselvesNullFirstNumbersBeforeStrings) {
  EXPECT_EQ(result("sort", "{}", R"(["b",2,null,"a",1.5,true])"), R"([null,true,1.5,2,"a","b"])");
  EXPECT_EQ(result("sort", "{direction: desc}", R"([1,null,"a"])"), R"(["a",1,null])");
  EXPECT_EQ(result("sort", "{}", "[]"), "[]");
}

TEST(Sort, OrdersByFieldsAndIsStable) {
  const std::string_view rows = R"([{"a":2,"n":1},{"a":1,"n":2},{"n":3},{"a":2,"n":4}])";
  EXPECT_EQ(result("sort", "{field: a}", rows), R"([{"n":3},{"a":1,"n":2},{"a":2,"n":1},{"a":2,"n":4}])");
  EXPECT_EQ(result("sort", "{field: a, order: DESC}", rows), R"([{"a":2,"n":1},{"a":2,"n":4},{"a":1,"n":2},{"n":3}])");
  EXPECT_EQ(result("sort", "{by: [{field: a, order: desc}, {field: n, direction: desc}]}", rows),
            R"([{"a":2,"n":4},{"a":2,"n":1},{"a":1,"n":2},{"n":3}])");
  EXPECT_EQ(result("sort", "{by: [a, n]}", rows), result("sort", "{by: [{field: a}, {field: n}]}", rows));
  EXPECT_EQ(result("sort", "{field: u.äß}", R"([{"u":{"äß":2}},{"u":{"äß":1}}])"),
            R"([{"u":{"äß":1}},{"u":{"äß":2}}])");
}

TEST(Sort, FieldIsThePathBesideBy) {
  EXPECT_EQ(result("sort", "{field: input.rows, by: [{field: a}]}", R"({"rows":[{"a":2},{"a":1}]})"),
            R"([{"a":1},{"a":2}])");
  EXPECT_EQ(result("sort", "{field: '{{ rows }}', by: a}", R"({"rows":[{"a":2},{"a":1}]})"), R"([{"a":1},{"a":2}])");
}

TEST(Sort, TemplatesMayGiveTheOrder) {
  const std::string_view input = R"({"rows":[{"a":1},{"a":2}],"o":"desc","f":"a"})";
  EXPECT_EQ(result("sort", "{path: rows, field: '{{ input.f }}', order: '{{ input.o }}'}", input),
            R"([{"a":2},{"a":1}])");
  EXPECT_EQ(result("sort", "{path: rows, by: [{field: a, order: '{{ input.o }}'}]}", input), R"([{"a":2},{"a":1}])");
  EXPECT_EQ(result("sort", "{field: rows, by: [{field: a, order: '{{ input.o }}'}]}", input), R"([{"a":2},{"a":1}])");
  EXPECT_EQ(result("sort", "{path: rows, by: [{field: a, order: '{{ input.f }}'}]}", input),
            "by[0].order: 'order' must be one of asc, desc, ascending, descending, not 'a'");
}

TEST(Limit, TakesASlice) {
  EXPECT_EQ(result("limit", "{count: 2}", "[1,2,3]"), "[1,2]");
  EXPECT_EQ(result("limit", "{limit: 2, offset: 1}", "[1,2,3]"), "[2,3]");
  EXPECT_EQ(result("limit", "{count: 0}", "[1]"), "[]");
  EXPECT_EQ(result("limit", "{count: 9, offset: 9}", "[1]"), "[]");
  EXPECT_EQ(result("limit", "{field: rows, count: 1000000000, offset: 1}", R"({"rows":[1,2]})"), "[2]");
  EXPECT_EQ(result("limit", "{path: rows, count: '{{ input.n }}'}", R"({"rows":[1,2],"n":1})"), "[1]");
  EXPECT_EQ(result("limit", "{path: rows, count: '{{ input.n }}'}", R"({"rows":[1,2],"n":-1})"),
            "'count' must be an integer from 0 to 1000000000, not -1");
}

TEST(Dedupe, KeepsTheFirstTheLastOrNone) {
  const std::string_view items = "[1,2,1.0,3,2,1]";
  EXPECT_EQ(result("dedupe", "{}", items), "[1,2,3]");
  EXPECT_EQ(result("dedupe", "{mode: keep_last}", items), "[3,2,1]");
  EXPECT_EQ(result("dedupe", "{mode: remove_all}", items), "[3]");
  EXPECT_EQ(result("dedupe", "{mode: remove_all}", "[]"), "[]");
}

TEST(Dedupe, LooksAtFields) {
  const std::string_view rows = R"([{"a":1,"b":1},{"a":1,"b":2},{"b":2},{"a":null,"b":2}])";
  EXPECT_EQ(result("dedupe", "{field: a}", rows), R"([{"a":1,"b":1},{"b":2}])");
  EXPECT_EQ(result("dedupe", "{fields: [a, b]}", rows), R"([{"a":1,"b":1},{"a":1,"b":2},{"b":2}])");
  EXPECT_EQ(result("dedupe", "{field: a.x}", R"([{"a":{"x":1}},{"a":{"x":1}}])"), R"([{"a":{"x":1}}])");
  EXPECT_EQ(result("dedupe", "{path: rows, fields: '{{ input.f }}'}", R"({"rows":[{"a":1},{"a":1}],"f":["a"]})"),
            R"([{"a":1}])");
}

TEST(Dedupe, MayIgnoreCaseAndNameItsOutput) {
  EXPECT_EQ(result("dedupe", "{case_insensitive: true}", R"(["Ärger","ärger","x"])"), R"(["Ärger","x"])");
  EXPECT_EQ(result("dedupe", "{field: m, case_insensitive: true}", R"([{"m":"A@x"},{"m":"a@X"}])"), R"([{"m":"A@x"}])");
  EXPECT_EQ(result("dedupe", "{output_field: rows}", "[1,1]"), R"({"rows":[1]})");
}

TEST(Aggregate, GivesTheListAnObjectOrOneEnd) {
  const std::string_view rows = R"([{"id":"a","v":1},{"id":2,"v":2}])";
  EXPECT_EQ(result("aggregate", "{}", rows), rows);
  EXPECT_EQ(result("aggregate", "{field: rows}", R"({"rows":[1]})"), "[1]");
  EXPECT_EQ(result("aggregate", "{mode: first}", rows), R"({"id":"a","v":1})");
  EXPECT_EQ(result("aggregate", "{mode: last}", "[]"), "null");
  EXPECT_EQ(result("aggregate", "{mode: object, key_field: id, value_field: v}", rows), R"({"a":1,"2":2})");
  EXPECT_EQ(result("aggregate", "{mode: object, key_field: id}", R"([{"id":"a"}])"), R"({"a":{"id":"a"}})");
  EXPECT_EQ(result("aggregate", "{mode: object, key_field: id}", R"([{}])"), "item 0: key_field 'id' is missing");
  EXPECT_EQ(result("aggregate", "{mode: object, key_field: id}", R"([{"id":[]}])"),
            "item 0: key_field 'id' must be a string, a number or a boolean, not an array");
}

TEST(Aggregate, ComputesOverAField) {
  const std::string_view rows = R"([{"p":1},{"p":2.5},{"p":null},{}])";
  EXPECT_EQ(result("aggregate", "{operation: sum, field: p}", rows), "3.5");
  EXPECT_EQ(result("aggregate", "{operation: avg, field: p}", rows), "1.75");
  EXPECT_EQ(result("aggregate", "{operation: min, field: p}", rows), "1");
  EXPECT_EQ(result("aggregate", "{operation: max, field: p}", rows), "2.5");
  EXPECT_EQ(result("aggregate", "{operation: count, field: p}", rows), "2");
  EXPECT_EQ(result("aggregate", "{operation: count}", rows), "4");
  EXPECT_EQ(result("aggregate", "{operation: sum}", "[1,2]"), "3");
  EXPECT_EQ(result("aggregate", "{operation: max}", R"(["a","b"])"), R"("b")");
}

TEST(Aggregate, NothingSumsToZeroAndHasNoAverage) {
  EXPECT_EQ(result("aggregate", "{operation: sum}", "[]"), "0");
  EXPECT_EQ(result("aggregate", "{operation: avg}", "[]"), "null");
  EXPECT_EQ(result("aggregate", "{operation: min}", "[null]"), "null");
  EXPECT_EQ(result("aggregate", "{operation: sum}", "[9223372036854775807,1]"), "9223372036854775808.0");
}

TEST(Aggregate, NamesTheItemThatIsNoNumber) {
  EXPECT_EQ(result("aggregate", "{operation: sum, field: p}", R"([{"p":1},{"p":"x"}])"),
            "item 1: 'p' must be a number, not \"x\"");
  EXPECT_EQ(result("aggregate", "{operation: min}", R"([1,"x"])"),
            "item 1: the item must be a number like those before, not \"x\"");
}

TEST(Aggregate, GroupsInTheOrderOfTheirFirstItems) {
  const std::string_view rows = R"([{"k":"b","v":1},{"k":"a","v":2},{"k":"b","v":3},{"v":4}])";
  EXPECT_EQ(result("aggregate", "{operation: sum, field: v, group_by: k}", rows), R"({"b":4,"a":2,"null":4})");
  EXPECT_EQ(result("aggregate", "{group_by: k, mode: first}", rows),
            R"({"b":{"k":"b","v":1},"a":{"k":"a","v":2},"null":{"v":4}})");
  EXPECT_EQ(result("aggregate", "{operation: sum, field: v, group_by: k}", R"([{"k":"a","v":"x"}])"),
            "group 'a': item 0: 'v' must be a number, not \"x\"");
}

TEST(Aggregate, DoesSeveralOperationsAtOnce) {
  const std::string_view rows = R"([{"k":1,"v":1},{"k":2,"v":3}])";
  EXPECT_EQ(
      result("aggregate",
             "{operations: [{field: v, function: sum, alias: total}, {field: v, function: AVG}, {function: count}]}",
             rows),
      R"({"total":4,"avg_v":2.0,"count":2})");
  EXPECT_EQ(result("aggregate", "{operations: [{function: count}], group_by: k}", rows),
            R"({"1":{"count":1},"2":{"count":1}})");
}

TEST(Summarize, DescribesTheNumbersOfEachField) {
  EXPECT_EQ(result("summarize", "{fields: [a, b]}", R"([{"a":1,"b":0.5},{"a":2},{"a":3},{"a":4,"b":null}])"),
            R"({"a":{"count":4,"min":1,"max":4,"avg":2.5,"median":2.5,"stddev":1.118033988749895,"sum":10},)"
            R"("b":{"count":1,"min":0.5,"max":0.5,"avg":0.5,"median":0.5,"stddev":0.0,"sum":0.5}})");
  EXPECT_EQ(result("summarize", "{path: rows, fields: a}", R"({"rows":[]})"),
            R"({"a":{"count":0,"min":null,"max":null,"avg":null,"median":null,"stddev":null,"sum":0}})");
  EXPECT_EQ(result("summarize", "{fields: [a]}", R"([{"a":"1"}])"), "item 0: 'a' must be a number, not \"1\"");
}

TEST(Split, MakesBatches) {
  EXPECT_EQ(result("split", "{batch_size: 2}", "[1,2,3]"), "[[1,2],[3]]");
  EXPECT_EQ(result("split", "{chunk_size: 5}", "[1]"), "[[1]]");
  EXPECT_EQ(result("split", "{batch_size: 2}", "[]"), "[]");
  EXPECT_EQ(result("split", "{field: rows}", R"({"rows":[1,2]})"), "[1,2]");
  EXPECT_EQ(result("split", "{}", "5"), "the input must be an array, not an integer");
}

std::string merged(std::string_view config, std::string_view a, std::string_view b) {
  Segment segment = segment_of(fmt::format(R"(
nodes:
  - {{id: b, type: transform, config: {{expression: 'from_json("{1}")'}}}}
  - {{id: a-1, type: transform, config: {{expression: 'from_json("{0}")'}}}}
  - {{id: m, type: merge, depends_on: [a-1, b], config: {2}}}
)",
                                           a, b, config));
  segment.run(0);
  segment.run(1);
  const NodeRun run = segment.run(2);
  return run.outcome == Outcome::completed ? run.output : run.error;
}

TEST(Merge, JoinsObjectsInTheOrderOfDependencies) {
  EXPECT_EQ(merged("{}", R"({\"x\":1,\"y\":1})", R"({\"y\":2})"), R"({"x":1,"y":2})");
  EXPECT_EQ(merged("{mode: object, wait_for: all}", "null", R"({\"y\":2})"), R"({"y":2})");
}

TEST(Merge, ConcatenatesCombinesAndZips) {
  EXPECT_EQ(merged("{strategy: append}", "[1,[2]]", "3"), "[1,[2],3]");
  EXPECT_EQ(merged("{mode: array}", "null", "[]"), "[]");
  EXPECT_EQ(merged("{mode: combine}", "1", "null"), R"({"a-1":1,"b":null})");
  EXPECT_EQ(merged("{mode: zip}", R"([{\"x\":1},{\"x\":2}])", "[7]"), R"([{"x":1,"b":7},{"x":2}])");
  EXPECT_EQ(merged("{mode: zip}", "[]", "5"), "'mode: zip' needs arrays: the output of 'b' is an integer");
}

TEST(Merge, WorksOnItsInputWithoutDependencies) {
  EXPECT_EQ(result("merge", "{}", R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(result("merge", "{mode: combine}", "1"), R"({"input":1})");
}

TEST(ListNodes, HundredThousandItemsAreNoBurden) {
  std::string rows = "[";
  for (int i = 0; i < 100'000; ++i) rows += fmt::format("{}{{\"k\":{},\"v\":{}}}", i == 0 ? "" : ",", i, i % 7);
  rows += "]";
  EXPECT_EQ(result("aggregate", "{operation: count, group_by: k}", rows).size(), 988'891u);
  EXPECT_EQ(result("dedupe", "{field: v}", rows).size(), 99u);
  EXPECT_EQ(run_one("sort", "{by: [{field: v}, {field: k, order: desc}]}", rows).output.substr(0, 21),
            R"([{"k":99995,"v":0},{")");
}

}  // namespace
}  // namespace r8r::nodes
