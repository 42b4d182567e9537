// Workflows that start when others have ended.
#include <gmock/gmock.h>

#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class Dependencies : public StackTest {
 protected:
  static std::string text(const std::string& name, const std::string& more = "",
                          const std::string& expression = "input") {
    return "name: " + name + "\n" + more + "nodes: [{id: see, type: transform, config: {expression: '" + expression +
           "'}}]\n";
  }
  static void create(const std::string& name, const std::string& more = "", const std::string& expression = "input") {
    stack().create(text(name, more, expression));
  }
  static Json run(const std::string& workflow, const Json& input = Json::object()) {
    return stack().wait_end(stack().submit(workflow, input));
  }
  static int count(Stack& stack, const std::string& workflow) {
    return std::stoi(stack.query("select count(*) from all_executions where workflow_name = '" + workflow + "'"));
  }
  static bool nothing_waits(Stack& stack) { return stack.query("select count(*) from upstream_endings") == "0"; }
  /// The one execution of `workflow`, once it has ended.
  static Json only(Stack& stack, const std::string& workflow) {
    std::string id;
    const bool there = eventually(seconds(60), [&] {
      id = stack.query("select coalesce(min(id::text), '') from all_executions where workflow_name = '" + workflow +
                       "'");
      return !id.empty();
    });
    EXPECT_TRUE(there) << workflow << " did not start";
    EXPECT_EQ(count(stack, workflow), 1);
    return there ? stack.wait_end(id) : Json();
  }
};

TEST_F(Dependencies, TheNextWorkflowGetsTheOutputOfTheOneBefore) {
  create("load", "", "{\"rows\": input.n}");
  create("publish", "depends_on_workflows: [load]\n");
  create("report", "depends_on_workflows: [{workflow: publish}]\n");
  const Json first = run("load", {{"n", 12}});
  ASSERT_EQ(first["status"], "completed") << first;
  const Json next = only(stack(), "publish");
  EXPECT_EQ(next["status"], "completed");
  EXPECT_EQ(next["trigger_type"], "workflow:load");
  EXPECT_EQ(next["correlation_id"], first["correlation_id"]);
  EXPECT_EQ(next["output"], Json({{"upstream", {{"load", {{"rows", 12}}}}}}));
  EXPECT_EQ(only(stack(), "report")["output"]["upstream"]["publish"], next["output"]);
  // Each end counts.
  for (int i = 0; i < 3; ++i) run("load", {{"n", i}});
  EXPECT_TRUE(eventually(seconds(60), [] { return count(stack(), "report") == 4; })) << count(stack(), "report");
  EXPECT_TRUE(nothing_waits(stack()));
}

TEST_F(Dependencies, AJoinWaitsForAllOfThem) {
  create("left");
  create("right");
  create("old-news");
  create("join", "depends_on_workflows: [left, right]\n");
  create("hurried", "depends_on_workflows: [{workflow: old-news, within_seconds: 1}, right]\n");
  run("left", {{"n", 1}});
  run("left", {{"n", 2}});
  run("old-news");
  // It ended longer ago than it may have.
  stack().query("update upstream_endings set ended_at = ended_at - interval '1 minute' where upstream = 'old-news'");
  EXPECT_EQ(count(stack(), "join"), 0);
  run("right", {{"n", 3}});
  EXPECT_EQ(only(stack(), "join")["output"], Json({{"upstream", {{"left", {{"n", 2}}}, {"right", {{"n", 3}}}}}}));
  run("right");
  run("old-news");
  EXPECT_EQ(only(stack(), "hurried")["trigger_type"], "workflow:old-news");
  // What is left waits for its others.
  EXPECT_EQ(count(stack(), "join"), 1);
  EXPECT_EQ(stack().query("select string_agg(upstream, ',') from upstream_endings"), "right");
  stack().query("delete from upstream_endings");
}

TEST_F(Dependencies, AFailureStartsThoseThatAskForIt) {
  create("fragile", "", "input.n - 1");
  create("on-success", "depends_on_workflows: [fragile]\n");
  create("on-failure", "depends_on_workflows: [{workflow: fragile, status: failed}]\n");
  create("on-any", "depends_on_workflows: [{workflow: fragile, status: any}]\n");
  create("strict", "depends_on_workflows: [{workflow: fragile, status: failed}]\ninputs: {n: {required: true}}\n");
  ASSERT_EQ(run("fragile", {{"n", "text"}})["status"], "failed");
  const Json handled = only(stack(), "on-failure");
  EXPECT_EQ(handled["input"], Json({{"upstream", {{"fragile", nullptr}}}}));
  EXPECT_EQ(only(stack(), "on-any")["trigger_type"], "workflow:fragile");
  EXPECT_TRUE(eventually(seconds(60), [] { return nothing_waits(stack()); }));
  EXPECT_EQ(count(stack(), "on-success"), 0);
  EXPECT_EQ(count(stack(), "strict"), 0) << "its input is refused";
}

TEST_F(Dependencies, LargeOutputsArePassedOnUpToTheLimitOfAnInput) {
  create("large", "", "repeat(\"a\", 5000000)");
  create("another", "", "repeat(\"b\", 5000000)");
  create("of-one", "depends_on_workflows: [large]\n", "input.upstream.large.len()");
  create("of-both", "depends_on_workflows: [large, another]\n");
  run("large");
  run("another");
  EXPECT_EQ(only(stack(), "of-one")["output"], 5'000'000);
  EXPECT_TRUE(eventually(seconds(60), [] { return nothing_waits(stack()); }));
  EXPECT_EQ(count(stack(), "of-both"), 0);
}

TEST_F(Dependencies, ACycleIsRefusedWithItsWorkflows) {
  create("chicken", "depends_on_workflows: [egg]\n");
  create("nest", "depends_on_workflows: [chicken]\n");
  const HttpAnswer refused = stack().post(
      "/api/workflows", {{"definition", text("egg", "depends_on_workflows: [{workflow: nest, status: any}]\n")}});
  EXPECT_EQ(refused.status, 422) << refused.body;
  const Json error = refused.json()["error"];
  EXPECT_EQ(error["code"], "INVALID_WORKFLOW_DEFINITION") << refused.body;
  EXPECT_THAT(error.value("message", ""), HasSubstr("egg → chicken → nest → egg"));
  EXPECT_EQ(error["details"][0]["path"], "depends_on_workflows") << refused.body;
  EXPECT_EQ(stack().get("/api/workflows/egg").status, 404);
}

TEST(DependenciesAfterACrash, WhatFollowsStartsOnce) {
  Stack stack;
  stack.start();
  const std::string nodes = "nodes: [{id: see, type: transform, config: {expression: 'input'}}]\n";
  stack.create("name: before\n" + nodes);
  stack.create("name: after\ndepends_on_workflows: [before]\n" + nodes);
  // Nobody gets any further than the end of the first one.
  stack.query(
      "create function not_now() returns trigger language plpgsql as $$begin raise exception 'not now'; end$$;"
      "create trigger not_now before delete on upstream_endings for each row execute function not_now()");
  const Json ended = stack.execute("before", {{"n", 1}});
  ASSERT_EQ(ended["status"], "completed") << ended;
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).kill();
  EXPECT_EQ(stack.query("select count(*) from upstream_endings"), "1");
  EXPECT_EQ(stack.query("select count(*) from all_executions where workflow_name = 'after'"), "0");
  stack.query("drop trigger not_now on upstream_endings");
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).start();
  const auto number = [&](const std::string& where) { return std::stoi(stack.query("select count(*) from " + where)); };
  EXPECT_TRUE(eventually(seconds(180), [&] { return number("executions where workflow_name = 'after'") == 1; }));
  EXPECT_EQ(number("upstream_endings"), 0);
  // One more end, one more start: nothing was left over.
  stack.execute("before", {{"n", 2}});
  EXPECT_TRUE(eventually(seconds(60), [&] { return number("executions where workflow_name = 'after'") == 2; }));
  EXPECT_EQ(number("all_executions where workflow_name = 'after'"), 2);
}

}  // namespace
}  // namespace r8r::test
