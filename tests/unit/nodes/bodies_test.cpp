#include <gtest/gtest.h>

#include "tests/unit/nodes/running.hpp"

namespace r8r::nodes {
namespace {

using std::chrono::milliseconds;

TEST(SetNode, ValuesAreAddedToTheInputObject) {
  EXPECT_EQ(run_one("set", "{values: {b: '{{ input.a + 1 }}', c: [x]}}", R"({"a":1})").output,
            R"({"a":1,"b":2,"c":["x"]})");
  EXPECT_EQ(run_one("set", "{fields: [{name: a, value: 5}, {name: b, value: null}]}", R"({"a":1})").output,
            R"({"a":5,"b":null})");
}

TEST(SetNode, WithoutAnObjectOrWithoutKeepingThereAreJustTheFields) {
  EXPECT_EQ(run_one("set", "{values: {b: 2}, keep_input: false}", R"({"a":1})").output, R"({"b":2})");
  EXPECT_EQ(run_one("set", "{values: {b: 2}}", "[1]").output, R"({"b":2})");
  EXPECT_EQ(run_one("set", "{values: {b: 2}, keep_input: true}", "null").output, R"({"b":2})");
}

TEST(SetNode, DotsMakeNestedObjects) {
  EXPECT_EQ(run_one("set", "{values: {a.b.c: 1, a.b.d: 2, x.y: 3}}", R"({"a":{"b":{"z":0}},"x":5})").output,
            R"({"a":{"b":{"z":0,"c":1,"d":2}},"x":{"y":3}})");
  EXPECT_EQ(run_one("set", "{values: {'.a': 1, 'b.': 2, 'c..d': 3}}", "null").output, R"({".a":1,"b.":2,"c..d":3})");
}

TEST(SetNode, ALaterFieldSeesTheInputAndNotAnEarlierField) {
  EXPECT_EQ(run_one("set", "{fields: [{name: a, value: 2}, {name: b, value: '{{ input.a }}'}]}", R"({"a":1})").output,
            R"({"a":2,"b":1})");
}

TEST(SetNode, ComputedFieldsAreChecked) {
  const NodeRun run = run_one("set", "{fields: ['{{ input }}']}", R"({"name": 5})");
  EXPECT_EQ(run.error, "fields[0].value: the field 'value' is missing");
  EXPECT_EQ(run.error_code, "INVALID_CONFIG");
  std::string deep = "a";
  for (int i = 0; i < 100; ++i) deep += ".a";
  EXPECT_NE(run_one("set", "{values: '{{ input }}'}", "{\"" + deep + "\": 1}").error.find("has too many dots"),
            std::string::npos);
  EXPECT_EQ(run_one("set", "{values: '{{ input }}'}", "[1]").error, "'values' must be a map, not a list");
  EXPECT_EQ(
      run_one("set", "{fields: [{name: '{{ input.k }}', value: '{{ input.v }}'}]}", R"({"k":"a.b","v":[1]})").output,
      R"({"k":"a.b","v":[1],"a":{"b":[1]}})");
}

TEST(DebugNode, PassesItsInputOnAndLogs) {
  const NodeRun run = run_one("debug", "{message: 'got {{ input.a }}', level: warn, label: step}", R"({"a":1})");
  EXPECT_EQ(run.output, R"({"a":1})");
  EXPECT_EQ(run.logs, "[warn] step: got 1\n");
}

TEST(DebugNode, LogsFieldsDataAndInput) {
  EXPECT_EQ(run_one("debug", "{fields: [a, b], custom_data: {x: '{{ input.a }}'}, log_input: true}", R"({"a":1})").logs,
            "[info] fields={\"a\":1,\"b\":null} custom_data={\"x\":1} input={\"a\":1}\n");
  EXPECT_EQ(run_one("debug", "{fields: {t: '{{ input.a }}'}}", R"({"a":1})").logs, "[info] fields={\"t\":1}\n");
  EXPECT_EQ(run_one("debug", "{}", "[1]").logs, "[info] input=[1]\n");
  EXPECT_EQ(run_one("debug", "{message: x}", "[1]").logs, "[info] x\n");
}

TEST(DebugNode, LogsAreBounded) {
  const NodeRun run = run_one("debug", "{}", "\"" + std::string(200'000, 'x') + "\"");
  EXPECT_EQ(run.logs.size(), 64u * 1024);
  EXPECT_EQ(run.logs.back(), '\n');
}

TEST(WaitNode, WaitsForTheSumOfItsParts) {
  const NodeRun run =
      run_one("wait", "{milliseconds: 5, seconds: 1.5, minutes: 2, hours: '{{ input.h }}'}", R"({"h":1})");
  EXPECT_EQ(run.outcome, Outcome::waiting);
  EXPECT_EQ(run.wait, milliseconds(5 + 1'500 + 120'000 + 3'600'000));
  EXPECT_EQ(run.output, R"({"waited_ms":3721505,"input":{"h":1}})");
}

TEST(WaitNode, UntilIsMeasuredFromTheTasksClock) {
  const NodeRun run = run_one("wait", "{until: '2026-01-20T14:30:07.250Z', passthrough: false}", "1");
  EXPECT_EQ(run.outcome, Outcome::waiting);
  EXPECT_EQ(run.wait, milliseconds(2'250));
  EXPECT_EQ(run.output, R"({"waited_ms":2250})");
}

TEST(WaitNode, NothingToWaitForCompletesAtOnce) {
  EXPECT_EQ(run_one("wait", "{until: '2020-01-01T00:00:00Z'}", "1").outcome, Outcome::completed);
  const NodeRun run = run_one("wait", "{seconds: 0}", "1");
  EXPECT_EQ(run.outcome, Outcome::completed);
  EXPECT_EQ(run.output, R"({"waited_ms":0,"input":1})");
}

TEST(WaitNode, ComputedTimesAreChecked) {
  EXPECT_EQ(run_one("wait", "{until: '{{ input }}'}", "\"soon\"").error, "until: 'soon' is not an RFC 3339 time");
  EXPECT_EQ(run_one("wait", "{until: '{{ input }}'}", "\"2027-01-01T00:00:00Z\"").error,
            "a wait node waits at most 30 days");
  EXPECT_EQ(run_one("wait", "{seconds: '{{ input }}'}", "-1").error,
            "'seconds' must be a number from 0 to 2592000, not -1");
  EXPECT_EQ(run_one("wait", "{hours: '{{ input }}', minutes: '{{ input }}'}", "720").error,
            "hours: a wait node waits at most 30 days");
}

TEST(WaitNode, LaterNodesDoNotSeeTheOutputBeforeTheWaitIsOver) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: wait, config: {seconds: 1}}
  - {id: b, type: debug, depends_on: a}
)");
  segment.run(0);
  EXPECT_EQ(segment.run(1).error, "the output of node 'a' is not at hand");
}

}  // namespace
}  // namespace r8r::nodes
