#include <gmock/gmock.h>

#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using testing::HasSubstr;

class Executions : public StackTest {};

constexpr const char* kChain = R"(
name: chain
nodes:
  - {id: a, type: transform, config: {expression: '#{ v: input.v + 1 }'}}
  - {id: b, type: transform, depends_on: a, config: {expression: '#{ v: input.v + 1 }'}}
)";

TEST_F(Executions, ASynchronousRunAnswersWithItsOutput) {
  stack().create(kChain);
  for (int api = 0; api < 2; ++api) {
    const HttpAnswer answer = stack().post("/api/workflows/chain/execute", {{"input", {{"v", 1}}}}, api);
    ASSERT_EQ(answer.status, 200) << answer.body;
    const Json json = answer.json();
    EXPECT_EQ(json["status"], "completed");
    EXPECT_EQ(json["output"], Json({{"v", 3}}));
    EXPECT_TRUE(json["error"].is_null());
    EXPECT_TRUE(json["duration_ms"].is_number());

    // What was answered is recorded: every instance can read it at once.
    const Json execution = stack().get("/api/executions/" + json.value("execution_id", ""), 1 - api).json();
    EXPECT_EQ(execution["status"], "completed");
    EXPECT_EQ(execution["input"], Json({{"v", 1}}));
    EXPECT_EQ(execution["output"], Json({{"v", 3}}));
    EXPECT_EQ(execution["trigger_type"], "api");
    const Json trace = stack().get("/api/executions/" + json.value("execution_id", "") + "/trace").json();
    ASSERT_EQ(trace["nodes"].size(), 2u) << trace;
    EXPECT_EQ(trace["nodes"][0]["node_id"], "a");
    EXPECT_EQ(trace["nodes"][1]["status"], "completed");
  }
}

TEST_F(Executions, AnAsynchronousRunCanBeReadAsSoonAsItIsAccepted) {
  stack().create(kChain);
  const HttpAnswer answer = stack().post("/api/workflows/chain/execute", {{"input", {{"v", 5}}}, {"wait", false}});
  ASSERT_EQ(answer.status, 202) << answer.body;
  const std::string id = answer.json().value("execution_id", "");
  EXPECT_EQ(answer.headers.at("location"), "/api/executions/" + id);
  EXPECT_EQ(stack().get("/api/executions/" + id, 1).status, 200);
  EXPECT_EQ(stack().wait_end(id)["output"], Json({{"v", 7}}));
}

TEST_F(Executions, AFailedWorkflowIsAnAnswerWithItsError) {
  stack().create("name: broken\nnodes:\n  - {id: a, type: transform, config: {expression: 'input.x.y'}}\n");
  const HttpAnswer answer = stack().post("/api/workflows/broken/execute", {{"input", Json::object()}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["status"], "failed");
  EXPECT_TRUE(answer.json()["output"].is_null());
  EXPECT_FALSE(answer.json().value("error", "").empty());
}

TEST_F(Executions, BranchesJoinWithTheOutputsOfBoth) {
  stack().create(R"(
name: diamond-test
nodes:
  - {id: start, type: transform, config: {expression: 'input.n'}}
  - {id: left, type: transform, depends_on: start, config: {expression: 'input * 2'}}
  - {id: right, type: transform, depends_on: start, config: {expression: 'input * 3'}}
  - {id: join, type: transform, depends_on: [left, right], config: {expression: 'input.left + input.right + nodes.start'}}
)");
  EXPECT_EQ(stack().execute("diamond-test", {{"n", 2}})["output"], 12);
}

TEST_F(Executions, ASkippedNodeLeavesNull) {
  stack().create(R"(
name: skipping
nodes:
  - {id: a, type: transform, condition: 'input.go', config: {expression: '1'}}
  - {id: b, type: transform, depends_on: a, config: {expression: 'input == ()'}}
)");
  const Json skipped = stack().execute("skipping", {{"go", false}});
  EXPECT_EQ(skipped["output"], true) << skipped;
  const Json trace = stack().get("/api/executions/" + skipped.value("execution_id", "") + "/trace").json();
  EXPECT_EQ(trace["nodes"][0]["status"], "skipped");
  EXPECT_EQ(stack().execute("skipping", {{"go", true}})["output"], false);
}

TEST_F(Executions, AWaitIsADurableTimer) {
  stack().create(
      "name: waiting\nnodes:\n  - {id: pause, type: wait, config: {milliseconds: 300}}\n"
      "  - {id: after, type: transform, depends_on: pause, config: {expression: 'input.waited_ms'}}\n");
  const Json answer = stack().execute("waiting", {{"x", 1}});
  EXPECT_EQ(answer["status"], "completed") << answer;
  EXPECT_GE(answer["output"].get<int>(), 300);
  EXPECT_GE(answer["duration_ms"].get<int>(), 300);
}

TEST_F(Executions, RequestsThatRunOutOfPatienceGet504AndTheExecutionGoesOn) {
  stack().create("name: slow\nnodes:\n  - {id: pause, type: wait, config: {seconds: 2}}\n");
  const HttpAnswer answer = stack().post("/api/workflows/slow/execute", {{"input", 1}, {"timeout_seconds", 0.2}});
  EXPECT_EQ(answer.status, 504) << answer.body;
  EXPECT_EQ(answer.json()["error"]["code"], "EXECUTION_TIMEOUT");
  const std::string id = answer.json()["error"].value("execution_id", "");
  EXPECT_EQ(stack().wait_end(id)["status"], "completed");
}

TEST_F(Executions, AnIdempotencyKeyStartsOneExecution) {
  stack().create(kChain);
  const Json body = {{"input", {{"v", 1}}}, {"idempotency_key", "once-" + std::to_string(free_port())}};
  const HttpAnswer first = stack().post("/api/workflows/chain/execute", body);
  ASSERT_EQ(first.status, 200);
  const HttpAnswer second = stack().post("/api/workflows/chain/execute", body, 1);
  EXPECT_EQ(second.status, 409) << second.body;
  EXPECT_EQ(second.json()["error"]["code"], "IDEMPOTENCY_KEY_REUSE");
  EXPECT_EQ(second.json()["error"]["execution_id"], first.json()["execution_id"]);
  const HttpAnswer attached = stack().post("/api/workflows/chain/execute", body, 1, {"Prefer: return=representation"});
  EXPECT_EQ(attached.status, 200) << attached.body;
  EXPECT_EQ(attached.json()["execution_id"], first.json()["execution_id"]);
}

TEST_F(Executions, CorrelationIdsAreStored) {
  stack().create(kChain);
  const Json answer =
      stack().post("/api/workflows/chain/execute", {{"input", {{"v", 1}}}, {"correlation_id", "corr-7"}}).json();
  EXPECT_EQ(stack().get("/api/executions/" + answer.value("execution_id", "")).json()["correlation_id"], "corr-7");
}

TEST_F(Executions, DeclaredInputsAreChecked) {
  stack().create(
      "name: inputs\ninputs:\n  n: {type: integer, required: true}\n  m: {type: integer, default: 2}\n"
      "nodes:\n  - {id: a, type: transform, config: {expression: 'input.n * input.m'}}\n");
  const HttpAnswer missing = stack().post("/api/workflows/inputs/execute", {{"input", Json::object()}});
  EXPECT_EQ(missing.status, 400);
  EXPECT_EQ(missing.json()["error"]["code"], "INVALID_INPUT");
  EXPECT_THAT(missing.json()["error"].value("message", ""), HasSubstr("n"));
  EXPECT_EQ(stack().execute("inputs", {{"n", 4}})["output"], 8);
}

TEST_F(Executions, ManyAtOnceAllEndWithTheirOwnAnswer) {
  stack().create(kChain);
  std::vector<std::string> ids;
  for (int i = 0; i < 200; ++i) ids.push_back(stack().submit("chain", {{"v", i}}, i % 2));
  for (int i = 0; i < 200; ++i) {
    const Json execution = stack().wait_end(ids[static_cast<std::size_t>(i)]);
    ASSERT_EQ(execution["output"], Json({{"v", i + 2}})) << execution;
  }
}

TEST_F(Executions, LargeInputsTravelByReference) {
  stack().create("name: large\nnodes:\n  - {id: a, type: transform, config: {expression: 'input.text.len()'}}\n");
  const std::string text(900'000, 'x');
  EXPECT_EQ(stack().execute("large", {{"text", text}})["output"], 900'000);
}

TEST_F(Executions, UnknownOnesAre404) {
  for (const char* path : {"/api/executions/00000000-0000-7000-8000-000000000000", "/api/executions/nonsense",
                           "/api/executions/nonsense/trace"}) {
    const HttpAnswer answer = stack().get(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.json()["error"]["code"], "EXECUTION_NOT_FOUND");
  }
  EXPECT_EQ(stack().post("/api/workflows/nothing/execute", Json::object()).json()["error"]["code"],
            "WORKFLOW_NOT_FOUND");
}

}  // namespace
}  // namespace r8r::test
