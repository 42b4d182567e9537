// max_concurrent_executions and rate_limit: executions wait in order before they start.
#include <gmock/gmock.h>

#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using std::chrono::seconds;

class StartLimits : public StackTest {
 protected:
  std::string status_of(const std::string& id) {
    return stack().get("/api/executions/" + id).json().value("status", "");
  }
  /// The most executions of a workflow that ran at one time, from what is recorded.
  int most_at_once(Stack& of, const std::string& workflow) {
    return std::stoi(of.query(
        "select coalesce(max(n), 0) from (select count(*) as n from executions a join executions b "
        "on b.workflow_name = a.workflow_name and b.started_at <= a.started_at and b.finished_at > a.started_at "
        "where a.workflow_name = '" +
        workflow + "' group by a.id) as shared_times"));
  }
};

TEST_F(StartLimits, MoreThanTheLimitWaitInOrder) {
  stack().create(R"(
name: one-by-one
settings: {max_concurrent_executions: 1}
nodes: [{id: w, type: wait, config: {milliseconds: 300}}]
)");
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(stack().submit("one-by-one", i, i % 2));
  EXPECT_EQ(status_of(ids.back()), "pending");
  for (const std::string& id : ids) EXPECT_EQ(stack().wait_end(id)["status"], "completed");
  EXPECT_EQ(most_at_once(stack(), "one-by-one"), 1);
  EXPECT_EQ(
      stack().query("select count(distinct x) from (select string_agg(id::text, ' ' order by started_at) as x from "
                    "executions where workflow_name = 'one-by-one' union all select string_agg(id::text, ' ' order "
                    "by id) from executions where workflow_name = 'one-by-one') as orders"),
      "1")
      << "in the order of acceptance";
}

TEST_F(StartLimits, SeveralMayRunUpToTheLimit) {
  stack().create(R"(
name: three-at-once
settings: {max_concurrent_executions: 3}
nodes: [{id: w, type: wait, config: {milliseconds: 300}}]
)");
  std::vector<std::string> ids;
  for (int i = 0; i < 9; ++i) ids.push_back(stack().submit("three-at-once", i, i % 2));
  for (const std::string& id : ids) EXPECT_EQ(stack().wait_end(id)["status"], "completed");
  EXPECT_EQ(most_at_once(stack(), "three-at-once"), 3);
}

TEST_F(StartLimits, AClientMayWaitForOneThatHasToWait) {
  stack().create(R"(
name: single
settings: {max_concurrent_executions: 1}
nodes: [{id: w, type: wait, config: {milliseconds: 500, passthrough: false}}]
)");
  stack().submit("single", 1);
  const Json second = stack().execute("single", 2);
  EXPECT_EQ(second["output"], Json({{"waited_ms", 500}})) << second;
}

TEST_F(StartLimits, ARateIsKeptForEachKey) {
  stack().create(R"(
name: rated
settings: {rate_limit: {limit: 2, per_seconds: 2, key: '{{ input.who }}'}}
nodes: [{id: a, type: transform, config: {expression: input}}]
)");
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    for (const char* who : {"ann", "bob"}) ids.push_back(stack().submit("rated", {{"who", who}, {"i", i}}, i % 2));
  }
  for (const std::string& id : ids) EXPECT_EQ(stack().wait_end(id)["status"], "completed");
  EXPECT_EQ(stack().query("select count(*) from executions where workflow_name = 'rated' and limit_key = 'ann'"), "4");
  EXPECT_EQ(
      stack().query("select max(n) from (select count(*) as n from executions a join executions b on b.limit_key = "
                    "a.limit_key and b.workflow_name = a.workflow_name and b.started_at <= a.started_at and "
                    "b.started_at > a.started_at - interval '2 seconds' where a.workflow_name = 'rated' group by "
                    "a.id) as windows"),
      "2");
}

TEST_F(StartLimits, OneThatWaitsCanBeCancelled) {
  stack().create(R"(
name: blocked
settings: {max_concurrent_executions: 1}
nodes: [{id: w, type: wait, config: {hours: 1}}]
)");
  const std::string first = stack().submit("blocked", 1);
  const std::string second = stack().submit("blocked", 2);
  EXPECT_EQ(status_of(second), "pending");
  // To pause it would be to start it past the limit.
  const HttpAnswer refused = stack().post("/api/executions/" + second + "/pause", Json::object());
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_THAT(refused.body, testing::HasSubstr("waits for the limits of its workflow"));
  EXPECT_EQ(stack().post("/api/executions/" + second + "/resume", Json::object()).status, 409);
  EXPECT_EQ(status_of(second), "pending");
  EXPECT_EQ(stack().post("/api/executions/" + second + "/cancel", Json::object()).status, 200);
  EXPECT_EQ(status_of(second), "cancelled");
  EXPECT_EQ(stack().post("/api/executions/" + first + "/cancel", Json::object()).status, 200);
  const std::string third = stack().submit("blocked", 3);
  EXPECT_TRUE(eventually(seconds(30), [&] { return status_of(third) == "running"; }));
  stack().post("/api/executions/" + third + "/cancel", Json::object());
}

TEST_F(StartLimits, ASubWorkflowDoesNotWaitForTheOneThatWaitsForIt) {
  stack().create(R"(
name: turns
settings: {max_concurrent_executions: 1, timeout_seconds: 20}
nodes:
  - {id: again, type: subworkflow, condition: input.n > 0, config: {workflow: turns-between, input: {n: '{{ input.n - 1 }}'}}}
)");
  stack().create(R"(
name: turns-between
nodes: [{id: back, type: subworkflow, config: {workflow: turns, input: '{{ input }}'}}]
)");
  const Json ended = stack().execute("turns", {{"n", 2}});
  EXPECT_EQ(ended["status"], "completed") << ended;
}

TEST_F(StartLimits, WhyNamesTheLimit) {
  stack().create(
      "name: one-only\nsettings: {max_concurrent_executions: 1}\nnodes: [{id: w, type: wait, config: {hours: 1}}]\n");
  stack().create(
      "name: seldom\nsettings: {rate_limit: {limit: 1, per_seconds: 3600}}\nnodes: [{id: a, type: debug}]\n");
  const std::string holder = stack().submit("one-only", 1);
  const std::string held = stack().submit("one-only", 2);
  ASSERT_TRUE(eventually(seconds(30), [&] { return status_of(holder) == "running"; }));
  const Json why = stack().get("/api/executions/" + held + "/why").json();
  EXPECT_EQ(why["waiting_for"][0]["kind"], "concurrency") << why;
  EXPECT_THAT(why.value("detail", ""), testing::HasSubstr("max_concurrent_executions is 1"));
  stack().execute("seldom", 1);
  const Json rated = stack().get("/api/executions/" + stack().submit("seldom", 2) + "/why").json();
  EXPECT_EQ(rated["waiting_for"][0]["kind"], "rate_limit") << rated;
  for (const std::string& id : {held, holder}) stack().post("/api/executions/" + id + "/cancel", Json::object());
}

TEST_F(StartLimits, ADeadOwnerLeaksNoSlot) {
  Stack own;
  own.start();
  own.create(R"(
name: two-at-once
settings: {max_concurrent_executions: 2}
nodes: [{id: w, type: wait, config: {seconds: 1}}]
)");
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(own.submit("two-at-once", i));
  ASSERT_TRUE(eventually(seconds(30), [&] {
    return own.query("select count(*) from live_executions where started_at is not null") == "2";
  }));
  for (int i = 0; i < 2; ++i) own.service("r8r-scheduler", i).kill();
  for (int i = 0; i < 2; ++i) own.service("r8r-scheduler", i).start();
  for (const std::string& id : ids) EXPECT_EQ(own.wait_end(id, seconds(60))["status"], "completed");
  EXPECT_LE(most_at_once(own, "two-at-once"), 2);
}

}  // namespace
}  // namespace r8r::test
