// Old executions run again as new ones.
#include <gmock/gmock.h>

#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

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

TEST_F(Replay, WhatCannotRunIsRefused) {
  stack().create(workflow("not-replayed", 1));
  const std::string id = stack().execute("not-replayed", {{"n", 1}}).value("execution_id", "");
  EXPECT_EQ(code_of(replay("0199a1b2-c3d4-7e5f-8a6b-0123456789ab")), "EXECUTION_NOT_FOUND");
  EXPECT_EQ(code_of(replay("not-an-id")), "EXECUTION_NOT_FOUND");
  EXPECT_EQ(code_of(replay(id, {{"version", 9}})), "WORKFLOW_NOT_FOUND");
  EXPECT_EQ(code_of(replay(id, {{"version", 0}})), "INVALID_FIELD");
  EXPECT_EQ(code_of(replay(id, {{"input", {{"n", "one"}}}})), "INVALID_INPUT");
  EXPECT_EQ(code_of(replay(id, {{"from_node", "a"}})), "INVALID_FIELD");
  EXPECT_EQ(code_of(replay(id, {{"timeout_seconds", -1}})), "INVALID_FIELD");
  const HttpAnswer disabled =
      stack().post("/api/workflows", {{"definition", workflow("not-replayed", 1)}, {"enabled", false}});
  ASSERT_EQ(disabled.status / 100, 2) << disabled.body;
  EXPECT_TRUE(eventually(std::chrono::seconds(10), [&] { return code_of(replay(id)) == "WORKFLOW_DISABLED"; }));
}

}  // namespace
}  // namespace r8r::test
