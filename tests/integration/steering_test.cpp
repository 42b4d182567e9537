// Pause, resume and cancel as clients do it: over HTTP, whichever api is asked and whoever owns the execution.
#include <gmock/gmock.h>

#include <csignal>

#include <atomic>
#include <future>

#include "tests/integration/stack_fixture.hpp"
#include "tests/support/tcp.hpp"

namespace r8r::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kNobody = "0199a1b2-c3d4-7e5f-8a6b-0123456789ab";

class Steering : public StackTest {
 protected:
  static HttpAnswer order(const std::string& id, const std::string& action, const Json& body = Json::object(),
                          int api = 0) {
    return stack().post("/api/executions/" + id + "/" + action, body, api);
  }
  static Json show(const std::string& id) { return stack().get("/api/executions/" + id).json(); }
  static std::string node_status(const std::string& id, const std::string& node) {
    const Json trace = stack().get("/api/executions/" + id + "/trace").json();
    for (const Json& entry : trace["nodes"]) {
      if (entry["node_id"] == node) return entry.value("status", "");
    }
    return "";
  }
  static std::string code_of(const HttpAnswer& answer) { return answer.json()["error"].value("code", ""); }
};

constexpr const char* kTwoCalls = R"(
nodes:
  - {id: base, type: debug}
  - {id: one, type: http, depends_on: base, config: {url: '{{ input.url }}/one'}}
  - {id: two, type: http, depends_on: one, config: {url: '{{ nodes.base.url }}/two'}}
  - {id: end, type: transform, depends_on: two, config: {expression: input.status}}
)";

TEST_F(Steering, APausedExecutionStartsNothingUntilItIsResumed) {
  stack().create("name: steer-pause" + std::string(kTwoCalls));
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  RawServer server([gone](const std::string& request, int) {
    if (request.find("/one") != std::string::npos) gone.wait_for(std::chrono::seconds(60));
    return http_answer(200, "{}");
  });
  auto client = std::async(std::launch::async, [&] {
    return stack().post("/api/workflows/steer-pause/execute", {{"input", {{"url", server.url()}}}});
  });
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] { return server.requests().size() == 1; }));
  const std::string id = stack().query("select id from live_executions where workflow_name = 'steer-pause'");

  const HttpAnswer paused = order(id, "pause", Json::object(), 1);
  ASSERT_EQ(paused.status, 200) << paused.body;
  const Json body = paused.json();
  std::vector<std::string> keys;
  for (const auto& [key, value] : body.items()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("duration_ms", "execution_id", "finished_at", "message", "started_at", "status",
                                "workflow_name"));
  EXPECT_EQ(body["execution_id"], id);
  EXPECT_EQ(body["status"], "paused");
  EXPECT_EQ(body["workflow_name"], "steer-pause");
  EXPECT_TRUE(body["finished_at"].is_null() && body["duration_ms"].is_null()) << body;
  const HttpAnswer waited = client.get();
  EXPECT_EQ(waited.status, 200) << waited.body;
  EXPECT_EQ(waited.json()["status"], "paused") << waited.body;

  const HttpAnswer again = order(id, "pause");
  EXPECT_EQ(again.status, 409) << again.body;
  EXPECT_EQ(code_of(again), "INVALID_STATE");
  EXPECT_EQ(again.json()["error"]["details"]["status"], "paused");
  EXPECT_EQ(again.json()["error"]["execution_id"], id);
  EXPECT_THAT(again.json()["error"].value("message", ""), HasSubstr("this one is paused"));

  go.set_value();
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] { return node_status(id, "one") == "completed"; }));
  EXPECT_EQ(show(id)["status"], "paused");
  EXPECT_THAT(server.requests(), SizeIs(1));

  const HttpAnswer resumed = order(id, "resume");
  ASSERT_EQ(resumed.status, 200) << resumed.body;
  EXPECT_EQ(resumed.json()["status"], "completed") << resumed.body;
  EXPECT_EQ(resumed.json()["output"], 200) << resumed.body;
  EXPECT_TRUE(resumed.json()["duration_ms"].is_number());
  EXPECT_THAT(server.requests(), SizeIs(2));
  EXPECT_EQ(code_of(order(id, "resume")), "INVALID_STATE");
}

constexpr const char* kLongWait = R"(
nodes:
  - {id: first, type: transform, config: {expression: 'uuid()'}}
  - {id: sleep, type: wait, depends_on: first, config: {seconds: 3600}}
)";

TEST_F(Steering, ACancelledExecutionSaysWhyAndCanBeResumed) {
  stack().create("name: steer-cancel" + std::string(kLongWait));
  const std::string id = stack().submit("steer-cancel", Json::object());
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] { return node_status(id, "sleep") == "waiting"; }));
  const HttpAnswer cancelled = order(id, "cancel", {{"reason", "not wanted"}});
  ASSERT_EQ(cancelled.status, 200) << cancelled.body;
  EXPECT_EQ(cancelled.json()["status"], "cancelled");
  EXPECT_TRUE(cancelled.json()["finished_at"].is_string() && cancelled.json()["duration_ms"].is_number());
  EXPECT_EQ(show(id)["error"], "not wanted");
  EXPECT_EQ(order(id, "cancel").status, 409);
  EXPECT_EQ(order(id, "pause").status, 409);

  const HttpAnswer resumed = order(id, "resume", {{"wait", false}}, 1);
  EXPECT_EQ(resumed.status, 202) << resumed.body;
  EXPECT_EQ(resumed.json()["status"], "running");
  EXPECT_EQ(resumed.headers.at("location"), "/api/executions/" + id);
  const HttpAnswer running = order(id, "resume");
  EXPECT_EQ(running.status, 409) << running.body;
  EXPECT_EQ(show(id)["attempt_of_run"], 2);

  ASSERT_EQ(order(id, "pause").status, 200);
  const HttpAnswer ran_out = order(id, "resume", {{"timeout_seconds", 0.05}});
  EXPECT_EQ(ran_out.status, 202) << ran_out.body;
  EXPECT_EQ(ran_out.json()["status"], "running");
  // Whoever waits for the end is told when it is paused again.
  ASSERT_EQ(order(id, "pause").status, 200);
  auto waiter = std::async(std::launch::async, [&] { return order(id, "resume", Json::object(), 1); });
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] { return show(id)["status"] == "running"; }));
  ASSERT_EQ(order(id, "pause").status, 200);
  EXPECT_EQ(waiter.get().json()["status"], "paused");
  EXPECT_EQ(order(id, "cancel").status, 200);
}

TEST_F(Steering, WhenRetriesAreUsedUpItWaitsForAPerson) {
  stack().create(R"(
name: steer-exhausted
nodes:
  - id: call
    type: http
    retry: {max_attempts: 2, delay_seconds: 0.02, on_exhausted: pause}
    config: {url: '{{ input.url }}'}
  - {id: end, type: transform, depends_on: call, config: {expression: input.status}}
)");
  std::atomic<bool> well = false;
  RawServer server([&well](const std::string&, int) { return http_answer(well ? 200 : 500, "{}"); });
  const Json answer = stack().execute("steer-exhausted", {{"url", server.url()}});
  EXPECT_EQ(answer["status"], "paused") << answer;
  const std::string id = answer.value("execution_id", "");
  EXPECT_EQ(show(id)["status"], "paused");
  EXPECT_EQ(node_status(id, "call"), "waiting");
  EXPECT_THAT(server.requests(), SizeIs(2));

  // Still broken: it is tried afresh, and waits again.
  EXPECT_EQ(order(id, "resume").json()["status"], "paused");
  EXPECT_THAT(server.requests(), SizeIs(4));
  well = true;
  const HttpAnswer resumed = order(id, "resume");
  EXPECT_EQ(resumed.json()["status"], "completed") << resumed.body;
  EXPECT_EQ(resumed.json()["output"], 200);
  EXPECT_THAT(server.requests(), SizeIs(5));
}

TEST_F(Steering, AnUnfinishedExecutionSaysWhatItWaitsFor) {
  const auto why = [](const std::string& id) { return stack().get("/api/executions/" + id + "/why", 1).json(); };
  stack().create("name: why-timer" + std::string(kLongWait));
  const std::string id = stack().submit("why-timer", Json::object());
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] { return node_status(id, "sleep") == "waiting"; }));
  Json answer = why(id);
  EXPECT_EQ(answer["status"], "running") << answer;
  EXPECT_EQ(answer["workflow_name"], "why-timer");
  EXPECT_THAT(answer.value("owner", ""), HasSubstr("scheduler "));
  ASSERT_THAT(answer["waiting_for"], SizeIs(1)) << answer;
  EXPECT_EQ(answer["waiting_for"][0]["kind"], "timer");
  EXPECT_EQ(answer["waiting_for"][0]["node_id"], "sleep");
  EXPECT_TRUE(answer["waiting_for"][0]["since"].is_string() && answer["waiting_for"][0]["until"].is_string()) << answer;
  EXPECT_EQ(answer["detail"], "node 'sleep' waits until its time has come");

  ASSERT_EQ(order(id, "pause", {{"reason", "lunch"}}).status, 200);
  answer = why(id);
  EXPECT_EQ(answer["status"], "paused");
  EXPECT_EQ(answer["waiting_for"][0]["kind"], "paused") << answer;
  EXPECT_THAT(answer.value("detail", ""), HasSubstr("lunch"));

  ASSERT_EQ(order(id, "cancel", {{"reason", "enough"}}).status, 200);
  answer = why(id);
  EXPECT_EQ(answer["status"], "cancelled");
  EXPECT_THAT(answer["waiting_for"], SizeIs(0));
  EXPECT_TRUE(answer["owner"].is_null());
  EXPECT_THAT(answer.value("detail", ""), HasSubstr("enough"));
  EXPECT_EQ(stack().get(std::string("/api/executions/") + kNobody + "/why").status, 404);

  stack().create(R"(
name: why-retry
nodes: [{id: call, type: http, retry: {max_attempts: 5, delay_seconds: 3600}, config: {url: 'http://127.0.0.1:1/'}}]
)");
  const std::string other = stack().submit("why-retry", Json::object());
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] { return node_status(other, "call") == "waiting"; }));
  answer = why(other);
  ASSERT_THAT(answer["waiting_for"], SizeIs(1)) << answer;
  EXPECT_EQ(answer["waiting_for"][0]["kind"], "retry");
  EXPECT_THAT(answer.value("detail", ""), HasSubstr("node 'call' (attempt 1 of 5) failed and is tried again: "));
  EXPECT_EQ(order(other, "cancel").status, 200);
  for (int i = 0; i < 2; ++i) {
    const std::string metrics = call({.url = stack().ready_url("r8r-scheduler", i) + "/metrics"}).body;
    EXPECT_THAT(metrics, HasSubstr("r8r_executions_waiting_for_nothing 0"));
  }
}

TEST_F(Steering, AnAnswerIsHeldUntilTheStatusChanges) {
  stack().create("name: steer-held" + std::string(kLongWait));
  const std::string id = stack().submit("steer-held", Json::object());
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] { return node_status(id, "sleep") == "waiting"; }));
  const HttpAnswer running = stack().get("/api/executions/" + id + "?wait=1");
  EXPECT_EQ(running.json()["status"], "running") << "the second has passed";
  const std::string tag = running.headers.at("etag");
  const HttpAnswer same =
      call({.url = stack().url() + "/api/executions/" + id + "?wait=1", .headers = {"If-None-Match: " + tag}});
  EXPECT_EQ(same.status, 304);
  auto held = std::async(std::launch::async, [&] { return stack().get("/api/executions/" + id + "?wait=25", 1); });
  EXPECT_EQ(order(id, "pause").status, 200);
  const HttpAnswer paused = held.get();
  EXPECT_EQ(paused.json()["status"], "paused") << paused.body;
  // What the client knows is old already.
  EXPECT_EQ(call({.url = stack().url() + "/api/executions/" + id + "?wait=25", .headers = {"If-None-Match: " + tag}})
                .json()["status"],
            "paused");
  EXPECT_EQ(order(id, "cancel").status, 200);
  EXPECT_EQ(stack().get("/api/executions/" + id + "?wait=25").json()["status"], "cancelled");
  EXPECT_EQ(stack().get("/api/executions/" + id + "?wait=61").status, 400);
}

TEST_F(Steering, WhatDoesNotFitIsRefused) {
  for (const char* action : {"pause", "resume", "cancel"}) {
    for (const char* id : {kNobody, "not-an-id"}) {
      const HttpAnswer answer = order(id, action);
      EXPECT_EQ(answer.status, 404) << action << " " << answer.body;
      EXPECT_EQ(code_of(answer), "EXECUTION_NOT_FOUND");
    }
    EXPECT_EQ(call({.method = "GET", .url = stack().url() + "/api/executions/" + kNobody + "/" + action}).status, 405);
    const HttpAnswer broken =
        call({.method = "POST", .url = stack().url() + "/api/executions/" + kNobody + "/" + action, .body = "{"});
    EXPECT_EQ(code_of(broken), "INVALID_REQUEST");
    EXPECT_EQ(stack().post(std::string("/api/executions/") + kNobody + "/" + action + "?x=1", Json::object()).status,
              400);
  }
  EXPECT_EQ(code_of(order(kNobody, "resume", {{"wait", "yes"}})), "INVALID_FIELD");
  EXPECT_EQ(code_of(order(kNobody, "resume", {{"timeout_seconds", 0}})), "INVALID_FIELD");
  EXPECT_EQ(code_of(order(kNobody, "cancel", {{"reason", 5}})), "INVALID_FIELD");
  EXPECT_EQ(code_of(order(kNobody, "cancel", {{"reason", std::string(1'025, 'x')}})), "INVALID_FIELD");
}

TEST(SteeringWithoutOwner, WaitsForOneAndGivesUpInTheEnd) {
  Stack stack({.apis = 1, .schedulers = 1, .workers = 1});
  stack.start();
  if (testing::Test::HasFatalFailure()) return;
  stack.create("name: orphan" + std::string(kLongWait));
  const std::string id = stack.submit("orphan", Json::object());
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] {
    return stack.get("/api/executions/" + id + "/trace").body.find("\"waiting\"") != std::string::npos;
  }));
  // An owner that was frozen does what it is asked to more than once, and the client hears of it once. While nobody
  // answers, `why` says so after its patience.
  stack.service("r8r-scheduler").signal(SIGSTOP);
  auto paused =
      std::async(std::launch::async, [&] { return stack.post("/api/executions/" + id + "/pause", Json::object()); });
  EXPECT_EQ(stack.get("/api/executions/" + id + "/why").json()["waiting_for"][0]["kind"], "owner");
  stack.service("r8r-scheduler").signal(SIGCONT);
  const HttpAnswer late = paused.get();
  EXPECT_EQ(late.status, 200) << late.body;
  EXPECT_EQ(late.json()["status"], "paused");

  stack.service("r8r-scheduler").kill();
  const Json why = stack.get("/api/executions/" + id + "/why").json();
  EXPECT_EQ(why["waiting_for"][0]["kind"], "owner") << why;
  EXPECT_TRUE(why["last_progress_at"].is_string());
  const HttpAnswer refused = stack.post("/api/executions/" + id + "/cancel", Json::object());
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_EQ(refused.json()["error"]["code"], "SERVICE_UNAVAILABLE");
  EXPECT_EQ(refused.headers.count("retry-after"), 1u);

  auto cancelled =
      std::async(std::launch::async, [&] { return stack.post("/api/executions/" + id + "/cancel", Json::object()); });
  stack.service("r8r-scheduler").start();
  const HttpAnswer answer = cancelled.get();
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["status"], "cancelled");
}

}  // namespace
}  // namespace r8r::test
