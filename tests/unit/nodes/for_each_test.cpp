#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/nodes/running.hpp"

namespace r8r::nodes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

NodeRun run_for_each(std::string_view lines, std::string_view input) {
  Segment segment = segment_of(lines);
  EXPECT_TRUE(segment.set_input(input));
  return segment.run(0);
}

TEST(ForEach, TheOutputIsTheArrayOfOutputsInTheOrderOfTheItems) {
  const NodeRun run = run_for_each(
      "nodes: [{id: a, type: transform, for_each: input.rows, config: {expression: '`${index}:${item.v * "
      "2}:${input.v}`'}}]\n",
      R"({"rows": [{"v": 1}, {"v": 2}, {"v": 3}]})");
  EXPECT_EQ(run.outcome, Outcome::completed) << run.error;
  EXPECT_EQ(run.output, R"(["0:2:1","1:4:2","2:6:3"])");
  EXPECT_EQ(run.item_count, 3);
}

TEST(ForEach, TrueTakesTheInput) {
  EXPECT_EQ(run_for_each("nodes: [{id: a, type: set, for_each: true, config: {values: {i: '{{ index }}'}}}]\n",
                         R"([{"x": 1}, 5])")
                .output,
            R"([{"x":1,"i":0},{"i":1}])");
  const NodeRun empty = run_for_each("nodes: [{id: a, type: debug, for_each: true}]\n", "[]");
  EXPECT_EQ(empty.output, "[]");
  EXPECT_EQ(empty.item_count, 0);
}

TEST(ForEach, WhatIsNoArrayIsAnError) {
  NodeRun run = run_for_each("nodes: [{id: a, type: debug, for_each: true}]\n", R"({"a": 1})");
  EXPECT_EQ(run.outcome, Outcome::failed);
  EXPECT_EQ(run.error, "the input of for_each is a map, not an array");
  EXPECT_TRUE(run.permanent);
  run = run_for_each("nodes: [{id: a, type: debug, for_each: input.x, on_error: {action: continue}}]\n",
                     R"({"x": "abc"})");
  EXPECT_EQ(run.error, "the value of for_each is a string, not an array");
  EXPECT_EQ(run.recovery, "null");
}

TEST(ForEach, MoreItemsThanAllowedAreAnError) {
  const NodeRun run =
      run_for_each("settings: {max_for_each_items: 2}\nnodes: [{id: a, type: debug, for_each: true}]\n", "[1,2,3]");
  EXPECT_EQ(run.error, "for_each has 3 items; settings.max_for_each_items allows 2");
}

TEST(ForEach, AFailingItemFailsTheNodeAndTheRestIsDropped) {
  const NodeRun run = run_for_each(
      "nodes: [{id: a, type: transform, for_each: true, config: {expression: 'print(item); 10 / item'}}]\n",
      "[5, 0, 2]");
  EXPECT_EQ(run.outcome, Outcome::failed);
  EXPECT_FALSE(run.recovery);
  EXPECT_EQ(run.logs, "5\n0\n");
  ASSERT_EQ(run.item_errors.size(), 1u);
  EXPECT_EQ(run.item_errors[0].index, 1);
  EXPECT_EQ(run.item_count, 3);
}

TEST(ForEach, ARecoveredItemHasTheRecoveryInItsSlot) {
  const NodeRun run = run_for_each(
      "nodes: [{id: a, type: transform, for_each: true, config: {expression: '10 / item'}, on_error: {fallback_value: "
      "'bad {{ index }} "
      "{{ item }}'}}]\n",
      "[5, 0, 2]");
  EXPECT_EQ(run.outcome, Outcome::completed) << run.error;
  EXPECT_EQ(run.output, R"([2,"bad 1 0",5])");
  ASSERT_EQ(run.item_errors.size(), 1u);
  EXPECT_TRUE(run.item_errors[0].recovered);
}

TEST(ForEach, TheConditionIsAskedOnceForTheNode) {
  const NodeRun run =
      run_for_each("nodes: [{id: a, type: debug, for_each: true, condition: 'len(input) > 5'}]\n", "[1]");
  EXPECT_EQ(run.outcome, Outcome::skipped);
}

TEST(ForEach, ChanceDiffersFromItemToItemAndStaysTheSame) {
  constexpr std::string_view kNode =
      "nodes: [{id: a, type: transform, for_each: true, config: {expression: 'uuid()'}}]\n";
  const std::string once = run_for_each(kNode, "[1,2]").output;
  EXPECT_EQ(run_for_each(kNode, "[1,2]").output, once);
  EXPECT_NE(once.substr(2, 36), once.substr(41, 36));
}

TEST(ForEach, OutputsTogetherHaveALimit) {
  const NodeRun run = run_for_each(
      "nodes: [{id: a, type: transform, for_each: 'range(0, 9).to_array()', config: {expression: "
      "'\"x\".repeat(4000000)'}}]\n",
      "1");
  EXPECT_EQ(run.outcome, Outcome::failed);
  EXPECT_EQ(run.error_code, "OUTPUT_TOO_LARGE") << run.error;
}

TEST(ForEach, AnEffectGivesItsItemsAndRunsOneOfThem) {
  constexpr std::string_view kNode = R"(
nodes:
  - {id: key, type: debug}
  - {id: call, type: http, depends_on: key, for_each: input.rows, config: {url: 'https://x/{{ item.id }}/{{ index }}/{{ input.id }}/{{ nodes.key.k }}'}}
)";
  Segment list = segment_of(kNode);
  ASSERT_TRUE(list.set_output("key", R"({"k": 9, "rows": [{"id": 1}, {"id": 2}]})"));
  const NodeRun items = list.run(1);
  EXPECT_EQ(items.outcome, Outcome::expanded) << items.error;
  EXPECT_THAT(items.items, ElementsAre(R"({"id":1})", R"({"id":2})"));

  Segment one = segment_of(kNode);
  ASSERT_TRUE(one.set_output("key", R"({"k": 9})"));
  ASSERT_TRUE(one.set_item(items.items[1], 1));
  const Segment::Prepared prepared = one.prepare(1);
  ASSERT_FALSE(prepared.done) << prepared.done->error;
  EXPECT_EQ(prepared.config.as_map().find("url")->as_string(), "https://x/2/1/2/9");
  EXPECT_EQ(one.finish(1, expr::Value::integer(5), false, {}, "").output, "5");
}

TEST(FallbackNode, AFailureGivesItsInputAndNobodyGoesOnWithTheValue) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: transform, config: {expression: 'throw "no"'}, on_error: {fallback_node: b, fallback_value: 7}}
  - {id: b, type: transform, config: {expression: '[input.node_id, input.input]'}}
)");
  ASSERT_TRUE(segment.set_input(R"({"x": 1})"));
  const NodeRun run = segment.run(0);
  EXPECT_EQ(run.recovery, "7");
  ASSERT_TRUE(run.fallback_input);
  EXPECT_THAT(*run.fallback_input, HasSubstr(R"("node_id":"a","input":{"x":1}})"));
  Segment fallback =
      segment_of("nodes: [{id: b, type: transform, config: {expression: '[input.node_id, input.input]'}}]\n");
  ASSERT_TRUE(fallback.set_given_input(*run.fallback_input));
  EXPECT_EQ(fallback.run(0).output, R"(["a",{"x":1}])");
}

}  // namespace
}  // namespace r8r::nodes
