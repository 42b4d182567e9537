// What those who run the system see and set: health, the database's care, bounds, keys.
#include <gmock/gmock.h>

#include <csignal>

#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using testing::HasSubstr;

class Operations : public StackTest {};

TEST_F(Operations, TheDatabaseOfAHealthySystemHasNothingToSay) {
  const Json found = stack().get("/api/database/check").json();
  EXPECT_EQ(found["healthy"], true) << found;
  EXPECT_EQ(found["integrity_check"], "ok");
  const Finished check = run(program_path("r8r"), {"--url", stack().url(), "db", "check"});
  EXPECT_EQ(check.exit_code, 0) << check.err;
  EXPECT_THAT(check.out, HasSubstr("Integrity check: ok\nForeign key violations: 0\nOrphan rows: 0\n"));
}

TEST_F(Operations, RetentionShowsWhatItWouldDoAndDoesIt) {
  stack().query("select ensure_day_partitions('2020-01-01', 1)");
  const Finished preview = run(program_path("r8r"), {"--url", stack().url(), "db", "retention", "--dry-run"});
  EXPECT_EQ(preview.exit_code, 0) << preview.err;
  EXPECT_THAT(preview.out, HasSubstr("Would drop: journal_20200101"));
  EXPECT_EQ(stack().query("select to_regclass('journal_20200101') is not null"), "t");
  ASSERT_TRUE(eventually(std::chrono::seconds(30),
                         [&] { return stack().post("/api/database/retention", Json::object()).status == 200; }));
  EXPECT_EQ(stack().query("select to_regclass('journal_20200101') is null"), "t");
}

TEST_F(Operations, AWorkflowSaysHowLongItsHistoryIsKept) {
  const std::string nodes = "nodes: [{id: a, type: transform, config: {expression: '1'}}]\n";
  stack().create("name: forgetful\nsettings: {retention_days: 5}\n" + nodes);
  stack().create("name: mindful\n" + nodes);
  const std::string old = stack().execute("forgetful", Json::object())["execution_id"];
  const std::string others = stack().execute("mindful", Json::object())["execution_id"];
  stack().query(
      "update executions set started_at = now() - interval '6 days', finished_at = now() - interval '6 days'");
  const std::string young = stack().execute("forgetful", Json::object())["execution_id"];
  ASSERT_TRUE(eventually(std::chrono::seconds(30),
                         [&] { return stack().post("/api/database/retention", Json::object()).status == 200; }));
  EXPECT_EQ(stack().get("/api/executions/" + old).status, 404);
  EXPECT_EQ(stack().get("/api/executions/" + others).status, 200);
  EXPECT_EQ(stack().get("/api/executions/" + young).status, 200);
  EXPECT_EQ(stack().get("/api/database/check").json()["healthy"], true);
}

TEST_F(Operations, WhatSchedulersDoAtTheirStartIsRetention) {
  Stack stack({.apis = 1, .schedulers = 1, .workers = 1});
  stack.start();
  stack.query("select ensure_day_partitions('2020-01-01', 1)");
  stack.service("r8r-scheduler").stop(std::chrono::seconds(10));
  stack.service("r8r-scheduler").start();
  EXPECT_TRUE(eventually(std::chrono::seconds(30), [&] {
    return stack.query(
               "select to_regclass('executions_20200101') is null and to_regclass('payloads_20200101') is null") == "t";
  }));
}

TEST(Health, IsRightFromTheFirstAnswerAfterAllAreReady) {
  for (int round = 0; round < 3; ++round) {
    Stack stack({.apis = 1, .schedulers = 1, .workers = 1});
    stack.start();
    const Json health = stack.get("/api/health").json();
    EXPECT_EQ(health["status"], "ok") << health;
    EXPECT_EQ(health["schedulers"], 1);
    EXPECT_EQ(health["workers"], 1);
  }
}

TEST(Health, WantsItsKeyWhenItHasOne) {
  Stack stack({.apis = 1,
               .schedulers = 0,
               .workers = 0,
               .environment = {{"R8R_HEALTH_API_KEY", "look"}, {"R8R_API_KEY", "all"}}});
  stack.start();
  for (const char* path : {"/api/health", "/api/metrics"}) {
    EXPECT_EQ(stack.get(path).status, 401) << path;
    for (const char* header : {"Authorization: Bearer look", "X-API-Key: look", "Authorization: ApiKey all"})
      EXPECT_EQ(call({.url = stack.url() + path, .headers = {header}}).status, 200) << path << ' ' << header;
    EXPECT_EQ(call({.url = stack.url() + path, .headers = {"X-API-Key: wrong"}}).status, 401) << path;
  }
  EXPECT_EQ(stack.get("/readyz").status, 200);
  EXPECT_EQ(call({.url = stack.url() + "/api/workflows", .headers = {"X-API-Key: look"}}).status, 401)
      << "it opens nothing else";
}

TEST(Backlog, PastItsBoundNothingStartsUntilSomethingHasBegun) {
  Stack stack({.apis = 1, .schedulers = 1, .workers = 1, .environment = {{"R8R_MAX_BACKLOG", "5"}}});
  stack.start();
  stack.create(
      "name: hello\ntriggers: [{type: webhook}, {type: event, event: greet}]\nnodes: [{id: a, type: transform, config: "
      "{expression: '1'}}]\n");
  stack.create(
      "name: burst\ntriggers: [{type: webhook, debounce: {wait_seconds: 60}}]\nnodes: [{id: a, type: debug}]\n");
  ASSERT_EQ(stack.execute("hello", Json::object())["status"], "completed");
  stack.service("r8r-scheduler").signal(SIGSTOP);
  HttpAnswer answer;
  const auto refused = [&] {
    answer = stack.post("/api/workflows/hello/execute", {{"wait", false}});
    return answer.status == 429;
  };
  for (int i = 0; i < 6 && !refused(); ++i) EXPECT_EQ(answer.status, 202) << answer.body;
  ASSERT_EQ(answer.status, 429) << answer.body;
  EXPECT_EQ(answer.json()["error"]["code"], "RATE_LIMITED");
  EXPECT_FALSE(answer.json()["error"]["retry_after_ms"].is_null());
  EXPECT_TRUE(answer.headers.contains("retry-after"));
  EXPECT_EQ(stack.post("/webhooks/hello", Json::object()).status, 429);
  EXPECT_EQ(stack.post("/webhooks/burst", Json::object()).status, 429);
  EXPECT_EQ(stack.post("/api/events/publish", {{"event", "greet"}}).status, 429);
  EXPECT_EQ(stack.post("/api/events/publish", {{"event", "nobody.listens"}}).status, 200) << "it starts nothing";
  stack.service("r8r-scheduler").signal(SIGCONT);
  EXPECT_TRUE(eventually(std::chrono::seconds(30),
                         [&] { return stack.post("/api/workflows/hello/execute", Json::object()).status == 200; }));
}

}  // namespace
}  // namespace r8r::test
