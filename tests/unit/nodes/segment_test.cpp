#include "common/nodes/segment.hpp"

#include <gtest/gtest.h>

#include "tests/unit/nodes/running.hpp"

namespace r8r::nodes {
namespace {

TEST(Segment, AChainPassesOutputsOn) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: transform, config: {expression: '#{ v: input.v + 1 }'}}
  - {id: b, type: transform, depends_on: a, config: {expression: '#{ v: input.v * 10 }'}}
)");
  ASSERT_TRUE(segment.set_input(R"({"v": 1})"));
  EXPECT_EQ(segment.run(0).output, R"({"v":2})");
  EXPECT_EQ(segment.run(1).output, R"({"v":20})");
}

TEST(Segment, InputOfSeveralDependenciesIsAnObjectInTheOrderOfTheFile) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: debug}
  - {id: b-2, type: debug}
  - {id: c, type: transform, depends_on: [b-2, a], config: {expression: input}}
)");
  ASSERT_TRUE(segment.set_output("a", "1"));
  ASSERT_TRUE(segment.set_output("b-2", "[2]"));
  EXPECT_EQ(segment.run(2).output, R"({"b-2":[2],"a":1})");
}

TEST(Segment, AFalseConditionSkipsAndItsDependentsSeeNull) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: transform, condition: input.go, config: {expression: '1'}}
  - {id: b, type: transform, depends_on: a, config: {expression: 'is_null(input)'}}
)");
  ASSERT_TRUE(segment.set_input(R"({"go": false})"));
  const NodeRun run = segment.run(0);
  EXPECT_EQ(run.outcome, Outcome::skipped);
  EXPECT_EQ(run.output, "null");
  EXPECT_EQ(segment.run(1).output, "true");
}

TEST(Segment, AConditionMustBeBoolean) {
  Segment segment = segment_of("nodes: [{id: a, type: debug, condition: input.go}]\n");
  ASSERT_TRUE(segment.set_input(R"({"go": "yes"})"));
  const NodeRun run = segment.run(0);
  EXPECT_EQ(run.outcome, Outcome::failed);
  EXPECT_TRUE(run.permanent);
  EXPECT_EQ(run.error_code, "EXPRESSION_ERROR");
  EXPECT_EQ(run.error, "condition: the value must be true or false, not a string");
  EXPECT_FALSE(run.recovery);
}

TEST(Segment, AFailingExpressionNamesItsField) {
  Segment segment = segment_of("nodes: [{id: a, type: transform, config: {expression: '1 / input.zero'}}]\n");
  ASSERT_TRUE(segment.set_input(R"({"zero": 0})"));
  const NodeRun run = segment.run(0);
  EXPECT_EQ(run.outcome, Outcome::failed);
  EXPECT_EQ(run.error_code, "EXPRESSION_ERROR");
  EXPECT_TRUE(run.error.starts_with("expression: ")) << run.error;
  EXPECT_NE(run.error.find("(line 1, column "), std::string::npos) << run.error;
  EXPECT_EQ(run.output, "null");
}

TEST(Segment, ContinueRecoversWithNull) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: transform, config: {expression: 'throw "no"'}, on_error: {action: continue}}
  - {id: b, type: transform, depends_on: a, config: {expression: 'is_null(input)'}}
)");
  const NodeRun run = segment.run(0);
  EXPECT_EQ(run.outcome, Outcome::failed);
  EXPECT_EQ(run.recovery, "null");
  EXPECT_EQ(segment.run(1).output, "true");
}

TEST(Segment, AFallbackSeesTheErrorAndTheInput) {
  Segment segment = segment_of(R"(
nodes:
  - id: a
    type: transform
    config: {expression: 'throw "no " + input.x'}
    on_error:
      action: fallback
      fallback_value: {why: '{{ error.message }}', code: '{{ error.code }}', node: '{{ error.node_id }}', x: '{{ input.x }}'}
  - {id: b, type: transform, depends_on: a, config: {expression: input.x}}
)");
  ASSERT_TRUE(segment.set_input(R"({"x": 7})"));
  const NodeRun run = segment.run(0);
  ASSERT_TRUE(run.recovery);
  EXPECT_NE(run.recovery->find(R"("code":"EXPRESSION_ERROR","node":"a","x":7})"), std::string::npos) << *run.recovery;
  EXPECT_NE(run.recovery->find("no 7"), std::string::npos) << *run.recovery;
  EXPECT_EQ(segment.run(1).output, "7");
}

TEST(Segment, AFailingFallbackIsNoRecovery) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: transform, config: {expression: 'throw "no"'}, on_error: {action: fallback, fallback_value: '{{ 1 / input.zero }}'}}
)");
  ASSERT_TRUE(segment.set_input(R"({"zero": 0})"));
  const NodeRun run = segment.run(0);
  EXPECT_FALSE(run.recovery);
  EXPECT_NE(run.error.find("; its fallback_value failed as well: "), std::string::npos) << run.error;
}

TEST(Segment, ExpressionsSeeEverythingThatTheyMay) {
  Segment segment = segment_of(R"(
variables: {rate: 2}
nodes:
  - {id: a, type: debug}
  - id: b
    type: set
    depends_on: a
    config:
      keep_input: false
      values:
        a: '{{ nodes.a.v }}'
        also: '{{ nodes.a.output.v }}'
        var: '{{ variables.rate }}'
        env: '{{ env.R8R_X }}'
        id: '{{ execution.id }}'
        flow: '{{ execution.workflow }}'
        correlation: '{{ execution.correlation_id }}'
        started: '{{ execution.started_at }}'
        attempt: '{{ execution.attempt }}'
        hook: '{{ execution.webhook.method }}'
        event: '{{ execution.event.event }}'
)");
  ASSERT_TRUE(segment.set_output("a", R"({"v": 5})"));
  EXPECT_EQ(
      segment.run(1).output,
      R"({"a":5,"also":5,"var":2,"env":"x","id":"exec-1","flow":"t","correlation":"c-1","started":"2026-01-20T14:30:00.000Z",)"
      R"("attempt":2,"hook":"POST","event":"order.created"})");
}

TEST(Segment, TheSameSeedAndTimeGiveTheSameAnswers) {
  const std::string text = R"(
nodes:
  - {id: a, type: transform, config: {expression: '[now(), uuid(), random(), uuid()]'}}
  - {id: b, type: transform, config: {expression: '[now(), uuid(), random(), uuid()]'}}
)";
  Segment first = segment_of(text);
  Segment second = segment_of(text);
  const std::string a = first.run(0).output;
  const std::string b = first.run(1).output;
  EXPECT_NE(a, b) << "chance differs from node to node";
  // Order and repetition do not matter.
  EXPECT_EQ(second.run(1).output, b);
  EXPECT_EQ(second.run(0).output, a);
  EXPECT_EQ(second.run(0).output, a);
}

TEST(Segment, ADynamicReferenceSeesExactlyWhatIsUpstream) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: debug}
  - {id: side, type: debug}
  - {id: c, type: transform, depends_on: a, config: {expression: 'nodes.keys()'}}
)");
  ASSERT_TRUE(segment.set_input("1"));
  segment.run(0);
  segment.run(1);
  EXPECT_EQ(segment.run(2).output, R"(["a"])");
}

TEST(Segment, PinnedNodesAreNotRun) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: http, config: {url: 'https://x.example'}, pinned_data: {v: 3}}
  - {id: b, type: transform, depends_on: a, config: {expression: input.v}}
)");
  EXPECT_EQ(segment.run(0).output, R"({"v":3})");
  EXPECT_EQ(segment.run(1).output, "3");
  ASSERT_TRUE(segment.prepare(0).done);
  EXPECT_EQ(segment.prepare(0).done->output, R"({"v":3})");
}

TEST(Segment, OutputsOverTheLimitFailForGood) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: transform, config: {expression: 'let s = repeat("x", 5000000); [s, s]'}, on_error: {action: continue}}
)");
  const NodeRun run = segment.run(0);
  EXPECT_EQ(run.outcome, Outcome::failed);
  EXPECT_EQ(run.error, "the output is over the limit of 8 MiB (as JSON)");
  EXPECT_EQ(run.error_code, "OUTPUT_TOO_LARGE");
  EXPECT_TRUE(run.permanent);
  EXPECT_EQ(run.recovery, "null");
}

TEST(Segment, PrintGoesToTheLog) {
  Segment segment = segment_of("nodes: [{id: a, type: transform, config: {expression: 'print(\"hi\"); 1'}}]\n");
  const NodeRun run = segment.run(0);
  EXPECT_EQ(run.logs, "hi\n");
  EXPECT_EQ(run.output, "1");
}

TEST(Segment, RawTextMustBeJson) {
  Segment segment = segment_of("nodes: [{id: a, type: debug}]\n");
  EXPECT_EQ(segment.set_input("{").error().code, ErrorCode::invalid_input);
  EXPECT_EQ(segment.set_output("a", "x").error().code, ErrorCode::invalid_input);
  EXPECT_EQ(segment.set_output("b", "1").error().code, ErrorCode::not_found);
}

TEST(Segment, WhatCannotRunFailsWithoutHarm) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: http, config: {url: 'https://x.example'}}
  - {id: b, type: debug, depends_on: a}
)");
  EXPECT_EQ(segment.run(0).error, "a node of type 'http' does not run in a segment");
  EXPECT_EQ(segment.run(1).error, "the output of node 'a' is not at hand");
  EXPECT_EQ(segment.run(7).error_code, "INTERNAL_ERROR");
  EXPECT_EQ(segment.prepare(-1).done->error_code, "INTERNAL_ERROR");
}

TEST(SegmentEffect, PrepareGivesTheEvaluatedConfig) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: http, config: {url: 'https://x.example/{{ input.id }}', method: put, body: {v: '{{ input.v }}'}, timeout_seconds: '{{ input.none }}'}}
)");
  ASSERT_TRUE(segment.set_input(R"({"id": 9, "v": [1]})"));
  const Segment::Prepared prepared = segment.prepare(0);
  ASSERT_FALSE(prepared.done);
  EXPECT_EQ(json(prepared.config), R"({"url":"https://x.example/9","method":"PUT","body":{"v":[1]}})");
}

TEST(SegmentEffect, ABadConfigValueIsPermanent) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: http, config: {url: 'https://x.example', timeout_seconds: '{{ input.t }}'}, on_error: {continue: true}}
)");
  ASSERT_TRUE(segment.set_input(R"({"t": "soon"})"));
  const Segment::Prepared prepared = segment.prepare(0);
  ASSERT_TRUE(prepared.done);
  EXPECT_EQ(prepared.done->error, "'timeout_seconds' must be a number from 0.001 to 86400, not 'soon'");
  EXPECT_EQ(prepared.done->error_code, "INVALID_CONFIG");
  EXPECT_TRUE(prepared.done->permanent);
  EXPECT_EQ(prepared.done->recovery, "null");
}

TEST(SegmentEffect, ARequiredFieldMustNotComeOutAsNull) {
  Segment segment = segment_of("nodes: [{id: a, type: http, config: {url: '{{ input.url }}'}}]\n");
  ASSERT_TRUE(segment.set_input("{}"));
  EXPECT_EQ(segment.prepare(0).done->error, "'url' must be a string, not null");
}

TEST(SegmentEffect, PrepareSkipsOnCondition) {
  Segment segment =
      segment_of("nodes: [{id: a, type: http, condition: 'false', config: {url: 'https://x.example'}}]\n");
  EXPECT_EQ(segment.prepare(0).done->outcome, Outcome::skipped);
}

TEST(SegmentEffect, FinishKeepsWhatTheAttemptCameTo) {
  Segment segment = segment_of("nodes: [{id: a, type: http, config: {url: 'https://x.example'}}]\n");
  expr::Map output;
  output.set("status", expr::Value::integer(200));
  const NodeRun done = segment.finish(0, expr::Value::map(std::move(output)), false, {}, "log line\n");
  EXPECT_EQ(done.outcome, Outcome::completed);
  EXPECT_EQ(done.output, R"({"status":200})");
  EXPECT_EQ(done.logs, "log line\n");
}

TEST(SegmentEffect, FinishOfAFailureCarriesRetryAfterAndRecovery) {
  Segment segment = segment_of(R"(
nodes:
  - {id: a, type: http, config: {url: 'https://x.example'}, on_error: {fallback_value: '{{ error.code }}'}}
)");
  const NodeRun run = segment.finish(0, fail(ErrorCode::node_execution_failed, "HTTP request failed with status 503"),
                                     false, std::chrono::seconds(7), "");
  EXPECT_EQ(run.outcome, Outcome::failed);
  EXPECT_EQ(run.error, "HTTP request failed with status 503");
  EXPECT_EQ(run.error_code, "HTTP_ERROR");
  EXPECT_FALSE(run.permanent);
  EXPECT_EQ(run.retry_after, std::chrono::seconds(7));
  EXPECT_EQ(run.recovery, R"("HTTP_ERROR")");
  EXPECT_EQ(segment.finish(0, fail(ErrorCode::timeout, "timed out after 5 seconds"), false, {}, "").error_code,
            "TIMEOUT");
}

}  // namespace
}  // namespace r8r::nodes
