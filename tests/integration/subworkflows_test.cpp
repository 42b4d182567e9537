// subworkflow nodes: executions that start others and wait for their ends.
#include <gmock/gmock.h>

#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class Subworkflows : public StackTest {
 protected:
  /// The only child of an execution, when there is one.
  std::string child_of(const std::string& id) {
    std::string child;
    eventually(seconds(30), [&] {
      child = stack().query("select id from all_executions where parent_execution_id = '" + id + "'");
      return !child.empty();
    });
    return child;
  }
  static std::string id_of(const Json& execution) { return execution.value("execution_id", ""); }
};

constexpr const char* kDouble =
    "name: double\ninputs: {n: {type: integer, required: true}, by: {default: 2}}\n"
    "nodes: [{id: x, type: transform, config: {expression: '{r: input.n * input.by}'}}]\n";

TEST_F(Subworkflows, TheOutputOfTheChildIsTheNodes) {
  stack().create(kDouble);
  stack().create(R"(
name: calls-double
nodes:
  - {id: kid, type: subworkflow, config: {workflow: double, input: {n: '{{ input.n }}'}}}
  - {id: end, type: transform, depends_on: kid, config: {expression: input.r + 1}}
)");
  const Json ended = stack().execute("calls-double", {{"n", 20}});
  EXPECT_EQ(ended["output"], 41) << ended;
  const std::string child = child_of(id_of(ended));
  const Json kid = stack().get("/api/executions/" + child).json();
  EXPECT_EQ(kid["parent_execution_id"], id_of(ended));
  EXPECT_EQ(kid["trigger_type"], "subworkflow");
  EXPECT_EQ(kid["origin"], "engine");
  EXPECT_EQ(kid["input"], Json({{"n", 20}, {"by", 2}})) << "defaults are filled in";
  EXPECT_EQ(kid["correlation_id"], stack().get("/api/executions/" + id_of(ended)).json()["correlation_id"]);
  const Json trace = stack().get("/api/executions/" + id_of(ended) + "/trace").json();
  EXPECT_EQ(trace["nodes"][0]["status"], "completed");
  EXPECT_EQ(trace["nodes"][0]["output"], Json({{"r", 40}}));
  EXPECT_EQ(stack().query("select count(*) from awaited_children where execution_id = '" + id_of(ended) + "'"), "0");
}

TEST_F(Subworkflows, EachItemOfAListMayBeAChild) {
  stack().create(kDouble);
  stack().create(R"(
name: doubles
settings: {max_concurrency: 3}
nodes: [{id: kids, type: subworkflow, for_each: true, config: {workflow: double, input: {n: '{{ item }}'}}}]
)");
  Json numbers = Json::array();
  Json doubled = Json::array();
  for (int i = 0; i < 10; ++i) {
    numbers.push_back(i);
    doubled.push_back({{"r", 2 * i}});
  }
  const Json ended = stack().execute("doubles", numbers);
  EXPECT_EQ(ended["output"], doubled) << ended;
}

TEST_F(Subworkflows, AFailureOfTheChildIsTheNodes) {
  stack().create("name: breaks-down\nnodes: [{id: x, type: transform, config: {expression: 'throw \"no luck\"'}}]\n");
  stack().create(R"(
name: calls-broken
nodes: [{id: kid, type: subworkflow, retry: {max_attempts: 2, delay_seconds: 0.01}, config: {workflow: breaks-down}}]
)");
  stack().create(R"(
name: calls-broken-softly
nodes: [{id: kid, type: subworkflow, on_error: {fallback_value: 'so: {{ error.message }}'}, config: {workflow: breaks-down}}]
)");
  const Json failed = stack().execute("calls-broken", {{"n", 1}});
  EXPECT_EQ(failed["status"], "failed");
  EXPECT_THAT(failed.value("error", ""), HasSubstr("no luck"));
  EXPECT_EQ(stack().query("select count(*) from executions where parent_execution_id = '" + id_of(failed) + "'"), "2");
  const Json soft = stack().execute("calls-broken-softly", {{"n", 1}});
  EXPECT_EQ(soft["status"], "completed") << soft;
  EXPECT_THAT(soft["output"].dump(), HasSubstr("so: "));
  EXPECT_THAT(soft["output"].dump(), HasSubstr("no luck"));
}

TEST_F(Subworkflows, WhatCannotBeStartedFailsTheNodeWithTheReason) {
  stack().create(kDouble);
  stack().create("name: calls-nobody\nnodes: [{id: kid, type: subworkflow, config: {workflow: nobody}}]\n");
  stack().create("name: calls-badly\nnodes: [{id: kid, type: subworkflow, config: {workflow: double}}]\n");
  EXPECT_EQ(stack().execute("calls-nobody", Json::object())["error"], "there is no workflow 'nobody'");
  EXPECT_THAT(stack().execute("calls-badly", Json::object()).value("error", ""), HasSubstr("workflow 'double': "));
}

TEST_F(Subworkflows, TheyGoEightLevelsDeepAndNoFurther) {
  stack().create("name: endless\nnodes: [{id: kid, type: subworkflow, config: {workflow: endless}}]\n");
  const Json failed = stack().execute("endless", Json::object());
  EXPECT_EQ(failed["error"], "workflow 'endless' would run 9 levels deep; at most 8 are allowed");
  EXPECT_EQ(stack().query("select count(*), max(depth) from executions where workflow_name = 'endless'"), "9|8");
}

TEST_F(Subworkflows, WithoutWaitingTheParentGoesOn) {
  stack().create("name: naps\nnodes: [{id: w, type: wait, config: {seconds: 2}}]\n");
  stack().create("name: sends-off\nnodes: [{id: kid, type: subworkflow, config: {workflow: naps, wait: false}}]\n");
  const Json ended = stack().execute("sends-off", Json::object());
  EXPECT_EQ(ended["status"], "completed");
  const std::string child = ended["output"].value("execution_id", "");
  EXPECT_EQ(child, child_of(id_of(ended)));
  EXPECT_EQ(stack().wait_end(child)["status"], "completed") << "it does not end with its parent";
}

TEST_F(Subworkflows, AChildThatNobodyWaitsForAnyMoreIsCancelled) {
  stack().create("name: sleeps-long\nnodes: [{id: w, type: wait, config: {hours: 1}}]\n");
  stack().create(R"(
name: impatient
settings: {timeout_seconds: 1}
nodes: [{id: kid, type: subworkflow, config: {workflow: sleeps-long}}]
)");
  stack().create(R"(
name: impatient-node
nodes: [{id: kid, type: subworkflow, on_error: {action: continue}, config: {workflow: sleeps-long, timeout_seconds: 1}}]
)");
  for (const char* name : {"impatient", "impatient-node"}) {
    const Json ended = stack().execute(name, Json::object());
    EXPECT_EQ(ended["status"], name == std::string("impatient") ? "failed" : "completed") << ended;
    const Json child = stack().wait_end(child_of(id_of(ended)));
    EXPECT_EQ(child["status"], "cancelled") << name << child;
    EXPECT_EQ(child["error"], "the execution that started it does not wait for it any more");
  }
}

TEST(SubworkflowOutages, AnEndThatNobodyHeardOfIsFound) {
  Stack stack;
  stack.start();
  stack.create("name: naps\nnodes: [{id: w, type: wait, config: {seconds: 1}}]\n");
  stack.create(R"(
name: calls
nodes:
  - {id: kid, type: subworkflow, config: {workflow: naps}}
  - {id: end, type: transform, depends_on: kid, config: {expression: input.waited_ms}}
)");
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(stack.submit("calls", Json::object()));
  ASSERT_TRUE(eventually(seconds(30), [&] { return stack.query("select count(*) from awaited_children") == "5"; }));
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).kill();
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).start();
  for (const std::string& id : ids) EXPECT_EQ(stack.wait_end(id, seconds(60))["output"], 1'000);
  EXPECT_EQ(stack.query("select count(*) from executions"), "10");
}

}  // namespace
}  // namespace r8r::test
