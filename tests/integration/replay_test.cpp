// Old executions run again as new ones.
#include <gmock/gmock.h>

#include <map>

#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using testing::HasSubstr;

class Replay : public StackTest {
 protected:
  static HttpAnswer replay(const std::string& id, const Json& body = Json::object(), int api = 0) {
    return stack().post("/api/executions/" + id + "/replay", body, api);
  }
  static std::string workflow(const std::string& name, int factor) {
    return "name: " + name +
           "\ninputs: {n: {type: integer, required: true}}\nnodes:\n  - id: a\n    type: transform\n" +
           "    config: {expression: 'input.n * " + std::to_string(factor) + "'}\n";
  }
  static std::map<std::string, Json> trace(const std::string& id) {
    std::map<std::string, Json> nodes;
    const Json whole = stack().get("/api/executions/" + id + "/trace").json();
    for (const Json& node : whole["nodes"])
      EXPECT_TRUE(nodes.emplace(node.value("node_id", ""), node).second) << node << " is there twice";
    return nodes;
  }
  static std::string code_of(const HttpAnswer& answer) { return answer.json()["error"].value("code", ""); }
};

TEST_F(Replay, RepeatsInputAndVersionOrTakesOthers) {
  stack().create(workflow("replayed", 10));
  const Json first = stack().execute("replayed", {{"n", 2}});
  EXPECT_EQ(first["output"], 20) << first;
  const std::string id = first.value("execution_id", "");
  stack().create(workflow("replayed", 100));

  const HttpAnswer same = replay(id);
  ASSERT_EQ(same.status, 200) << same.body;
  EXPECT_EQ(same.json()["status"], "completed");
  EXPECT_EQ(same.json()["output"], 20) << "the version that it ran";
  const std::string again = same.json().value("execution_id", "");
  EXPECT_NE(again, id);
  const Json shown = stack().get("/api/executions/" + again, 1).json();
  EXPECT_EQ(shown["replayed_from"], id);
  EXPECT_EQ(shown["trigger_type"], "replay");
  EXPECT_EQ(shown["origin"], "replay");
  EXPECT_EQ(shown["workflow_version"], 1);
  EXPECT_EQ(shown["input"], (Json{{"n", 2}}));
  EXPECT_TRUE(stack().get("/api/executions/" + id).json()["replayed_from"].is_null());
  const Json listed = stack().get("/api/executions?workflow=replayed&trigger=replay").json();
  ASSERT_EQ(listed["executions"].size(), 1u) << listed;
  EXPECT_EQ(listed["executions"][0]["id"], again);

  const HttpAnswer other = replay(again, {{"version", 2}, {"input", {{"n", 3}}}, {"correlation_id", "mine"}}, 1);
  EXPECT_EQ(other.json()["output"], 300) << other.body;
  const std::string third = other.json().value("execution_id", "");
  EXPECT_EQ(stack().get("/api/executions/" + third).json()["correlation_id"], "mine");
  EXPECT_EQ(stack().get("/api/executions/" + third).json()["replayed_from"], again);

  const HttpAnswer later = replay(id, {{"wait", false}});
  EXPECT_EQ(later.status, 202) << later.body;
  EXPECT_EQ(later.headers.at("location"), "/api/executions/" + later.json().value("execution_id", ""));
  EXPECT_EQ(stack().wait_end(later.json().value("execution_id", ""))["output"], 20);
}

TEST_F(Replay, FromANodeOnKeepsEverythingElse) {
  // 'side' and 'first' tell by their outputs when they ran; 'large' is too large for a message.
  stack().create(R"(
name: in-part
nodes:
  - {id: first, type: transform, config: {expression: '[uuid(), input.n]'}}
  - {id: large, type: transform, depends_on: first, config: {expression: '"x".repeat(2000000)'}}
  - {id: way, type: if, depends_on: first, config: {condition: 'input[1] == 1', true_branch: taken, false_branch: other}}
  - {id: taken, type: transform, depends_on: way, config: {expression: '"taken"'}}
  - {id: other, type: transform, depends_on: way, config: {expression: '"other"'}}
  - {id: risky, type: transform, depends_on: [first, large], config: {expression: 'if variables.broken { throw "no" } else { [nodes.first, nodes.large.len()] }'}}
  - {id: last, type: transform, depends_on: [risky, taken, other], config: {expression: '[nodes.risky, nodes.taken, uuid()]'}}
variables: {broken: true}
)");
  const auto definition = stack().get("/api/workflows/in-part").json()["definition"].get<std::string>();
  const Json failed = stack().execute("in-part", {{"n", 1}});
  ASSERT_EQ(failed["status"], "failed") << failed;
  const std::string id = failed.value("execution_id", "");
  std::string mended = definition;
  mended.replace(mended.find("broken: true"), 12, "broken: false");
  stack().create(mended);

  for (const bool waits : {true, false}) {
    const HttpAnswer answer =
        replay(id, {{"from_node", "risky"}, {"version", 2}, {"input", {{"n", 2}}}, {"wait", waits}});
    ASSERT_EQ(answer.status, waits ? 200 : 202) << answer.body;
    const std::string again = answer.json().value("execution_id", "");
    const Json ended = stack().wait_end(again);
    ASSERT_EQ(ended["status"], "completed") << ended;
    EXPECT_EQ(ended["output"][0][0][1], 1) << "what is kept saw the old input";
    EXPECT_EQ(ended["output"][0][1], 2'000'000);
    EXPECT_EQ(ended["output"][1], "taken");
    EXPECT_EQ(ended["replayed_from"], id);
    const std::map<std::string, Json> before = trace(id), after = trace(again);
    for (const char* kept : {"first", "large", "way", "taken", "other"}) {
      EXPECT_EQ(after.at(kept)["output"], before.at(kept)["output"]) << kept;
      EXPECT_EQ(after.at(kept)["started_at"], before.at(kept)["started_at"]) << kept;
    }
    EXPECT_EQ(stack().get("/api/database/check").json()["healthy"], true);
  }
  // What failed runs again as well.
  const Json last = replay(id, {{"from_node", "last"}, {"version", 2}, {"input", {{"n", 2}}}}).json();
  EXPECT_EQ(last["status"], "completed") << last;
}

std::string two_nodes(const std::string& name, const std::string& settings = "") {
  return "name: " + name + "\n" + settings +
         "nodes:\n  - {id: a, type: transform, config: {expression: uuid()}}\n"
         "  - {id: b, type: transform, depends_on: a, config: {expression: '[input, uuid()]'}}\n";
}

TEST_F(Replay, FromANodeOnWaitsForTheLimitsOfItsWorkflow) {
  stack().create(two_nodes("in-part-limited", "settings: {max_concurrent_executions: 1}\n"));
  const Json first = stack().execute("in-part-limited", Json::object());
  const Json again = replay(first.value("execution_id", ""), {{"from_node", "b"}}).json();
  ASSERT_EQ(again["status"], "completed") << again;
  EXPECT_EQ(again["output"][0], first["output"][0]);
  EXPECT_NE(again["output"][1], first["output"][1]);
}

TEST(ReplayWhileNobodyIsThere, FromANodeOnBeginsAtTheNodeAllTheSame) {
  Stack stack({.apis = 1, .schedulers = 1, .workers = 1});
  stack.start();
  stack.create(two_nodes("in-part"));
  const Json first = stack.execute("in-part", Json::object());
  stack.service("r8r-scheduler").stop(std::chrono::seconds(10));
  const HttpAnswer answer = stack.post("/api/executions/" + first.value("execution_id", "") + "/replay",
                                       {{"from_node", "b"}, {"wait", false}});
  stack.service("r8r-scheduler").start();
  ASSERT_EQ(answer.status, 202) << answer.body;
  const Json again = stack.wait_end(answer.json().value("execution_id", ""));
  ASSERT_EQ(again["status"], "completed") << again;
  EXPECT_EQ(again["output"][0], first["output"][0]);
  EXPECT_NE(again["output"][1], first["output"][1]);
}

TEST_F(Replay, WhatCannotRunIsRefused) {
  stack().create(workflow("not-replayed", 1));
  const std::string id = stack().execute("not-replayed", {{"n", 1}}).value("execution_id", "");
  EXPECT_EQ(code_of(replay("0199a1b2-c3d4-7e5f-8a6b-0123456789ab")), "EXECUTION_NOT_FOUND");
  EXPECT_EQ(code_of(replay("not-an-id")), "EXECUTION_NOT_FOUND");
  EXPECT_EQ(code_of(replay(id, {{"version", 9}})), "WORKFLOW_NOT_FOUND");
  EXPECT_EQ(code_of(replay(id, {{"version", 0}})), "INVALID_FIELD");
  EXPECT_EQ(code_of(replay(id, {{"input", {{"n", "one"}}}})), "INVALID_INPUT");
  EXPECT_EQ(code_of(replay(id, {{"from_node", 7}})), "INVALID_FIELD");
  const HttpAnswer unknown = replay(id, {{"from_node", "b"}});
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(unknown.json()["error"]["details"].value("field", ""), "from_node");
  EXPECT_THAT(unknown.json()["error"].value("message", ""), HasSubstr("has no node 'b'"));
  EXPECT_EQ(code_of(replay(id, {{"timeout_seconds", -1}})), "INVALID_FIELD");
  const HttpAnswer disabled =
      stack().post("/api/workflows", {{"definition", workflow("not-replayed", 1)}, {"enabled", false}});
  ASSERT_EQ(disabled.status / 100, 2) << disabled.body;
  EXPECT_TRUE(eventually(std::chrono::seconds(10), [&] { return code_of(replay(id)) == "WORKFLOW_DISABLED"; }));
}

}  // namespace
}  // namespace r8r::test
