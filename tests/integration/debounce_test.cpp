// Debounced webhooks, from the calls to the executions that they become.
#include <gmock/gmock.h>

#include <future>
#include <map>
#include <set>

#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class Debouncing : public StackTest {
 protected:
  static void hook(const std::string& name, const std::string& debounce, const std::string& more = "") {
    stack().create("name: " + name + "\n" + more + "triggers: [{type: webhook, config: {debounce: {" + debounce +
                   "}}}]\nnodes: [{id: see, type: transform, config: {expression: '#{ input: input, event: "
                   "execution.webhook.headers[\"x-event\"] }'}}]\n");
  }
  static HttpAnswer post(const std::string& name, const Json& input, int api = 0, const std::string& event = "none") {
    return stack().post("/webhooks/" + name, input, api, {"X-Event: " + event});
  }
  /// The execution that the call is told.
  static std::string call(const std::string& name, const Json& input, int api = 0, const std::string& event = "none") {
    const HttpAnswer answer = post(name, input, api, event);
    EXPECT_EQ(answer.status, 202) << answer.body;
    return answer.json().value("execution_id", "");
  }
  static std::string executions_of(const std::string& name) {
    return stack().query("select count(*) from all_executions where workflow_name = '" + name + "'");
  }
};

TEST_F(Debouncing, CallsOfOneWindowBecomeOneExecutionWithTheLastInput) {
  hook("burst", "wait_seconds: 3");
  const HttpAnswer first = post("burst", {{"n", 1}});
  ASSERT_EQ(first.status, 202) << first.body;
  const Json body = first.json();
  const std::string id = body.value("execution_id", "");
  EXPECT_EQ(body["status"], "accepted");
  EXPECT_EQ(body["debounce_key"], "/webhooks/burst");
  EXPECT_TRUE(body.contains("message"));
  EXPECT_EQ(first.headers.at("x-execution-id"), id);
  EXPECT_EQ(call("burst", {{"n", 2}}, 1), id);
  EXPECT_EQ(call("burst", {{"n", 3}}, 0, "push"), id);

  const Json pending = stack().get("/api/executions/" + id, 1).json();
  EXPECT_EQ(pending["status"], "pending") << pending;
  EXPECT_EQ(pending["workflow_name"], "burst");
  EXPECT_EQ(pending["input"], Json({{"n", 3}}));
  const Json why = stack().get("/api/executions/" + id + "/why", 1).json();
  EXPECT_EQ(why["waiting_for"][0]["kind"], "timer") << why;
  const HttpAnswer early = stack().post("/api/executions/" + id + "/cancel", Json::object());
  EXPECT_EQ(early.status, 409);
  EXPECT_THAT(early.body, HasSubstr("has not begun"));
  const Json begun = stack().get("/api/executions/" + id + "?wait=60").json();
  EXPECT_NE(begun["status"], "pending") << begun;
  const Json ended = stack().wait_end(id);
  EXPECT_EQ(ended["status"], "completed") << ended;
  EXPECT_EQ(ended["output"], Json({{"input", {{"n", 3}}}, {"event", "push"}}));
  EXPECT_EQ(ended["trigger_type"], "webhook");
  EXPECT_EQ(ended["origin"], "webhook");
  EXPECT_EQ(ended["correlation_id"], id);
  EXPECT_EQ(executions_of("burst"), "1");
}

// Without the longest wait there would be no second window; and at each start some call comes just then.
TEST_F(Debouncing, CallsWithoutAPauseStartWindowAfterWindowAndNoneIsLost) {
  hook("steady", "wait_seconds: 1, max_wait_seconds: 1");
  std::map<std::string, int> last;
  int n = 0;
  ASSERT_TRUE(eventually(seconds(60), [&] {
    for (int i = 0; i < 10; ++i, ++n) last[call("steady", n, n % 2)] = n;
    return last.size() >= 3;
  }));
  for (const auto& [id, input] : last) EXPECT_EQ(stack().wait_end(id)["input"], input) << id;
  EXPECT_EQ(executions_of("steady"), std::to_string(last.size()));
}

TEST_F(Debouncing, ManyFirstCallsAtOnceMakeOneExecution) {
  hook("at-once", "wait_seconds: 5");
  std::vector<std::future<std::string>> calls;
  for (int i = 0; i < 16; ++i)
    calls.push_back(std::async(std::launch::async, [i] { return call("at-once", i, i % 2); }));
  std::set<std::string> ids;
  for (std::future<std::string>& answer : calls) ids.insert(answer.get());
  ASSERT_EQ(ids.size(), 1u);
  EXPECT_EQ(stack().wait_end(*ids.begin())["status"], "completed");
  EXPECT_EQ(executions_of("at-once"), "1");
}

TEST_F(Debouncing, ACallAfterTheStartOpensAnotherWindow) {
  hook("again", "wait_seconds: 0.1");
  const std::string first = call("again", 1);
  ASSERT_EQ(stack().wait_end(first)["input"], 1);
  const std::string second = call("again", 2, 1);
  EXPECT_NE(second, first);
  EXPECT_EQ(stack().wait_end(second)["input"], 2);
  EXPECT_EQ(stack().wait_end(first)["input"], 1);
}

TEST_F(Debouncing, KeysSeparateCalls) {
  hook("by-order", "key: 'order {{ input.order }}{{ input.bad / 1 }}', wait_seconds: 3");
  const HttpAnswer a = post("by-order", {{"order", "A"}, {"bad", 1}});
  EXPECT_EQ(a.json()["debounce_key"], "order A1") << a.body;
  EXPECT_NE(call("by-order", {{"order", "B"}, {"bad", 1}}), a.json()["execution_id"]);
  EXPECT_EQ(call("by-order", {{"order", "A"}, {"bad", 1}, {"more", true}}, 1), a.json()["execution_id"]);
  const HttpAnswer without = post("by-order", {{"order", "A"}, {"bad", "x"}});
  EXPECT_THAT(without.json().value("debounce_key", ""), testing::StartsWith("sha256:")) << without.body;
  EXPECT_EQ(call("by-order", {{"order", "A"}, {"bad", "x"}}), without.json()["execution_id"]);
}

TEST_F(Debouncing, ACallThatTheWorkflowRefusesChangesNothing) {
  hook("strict", "wait_seconds: 3", "inputs: {n: {type: integer, required: true}}\n");
  const std::string id = call("strict", {{"n", 1}});
  const HttpAnswer refused = post("strict", {{"n", "many"}});
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_EQ(refused.json()["error"]["code"], "INVALID_INPUT");
  EXPECT_EQ(stack().wait_end(id)["input"], Json({{"n", 1}}));
}

TEST_F(Debouncing, LimitsCountTheLastInput) {
  hook("limited", "wait_seconds: 3",
       "settings: {rate_limit: {limit: 5, per_seconds: 60, key: '{{ input.customer }}'}}\n");
  const std::string id = call("limited", {{"customer", "a"}});
  EXPECT_EQ(call("limited", {{"customer", "b"}}, 1), id);
  EXPECT_EQ(stack().wait_end(id)["status"], "completed");
  EXPECT_EQ(stack().query("select limit_key from executions where id = '" + id + "'"), "b");
}

TEST_F(Debouncing, OfADisabledWorkflowItIsCancelled) {
  hook("put-away", "wait_seconds: 3");
  const std::string id = call("put-away", 1);
  const Json body = {{"definition", stack().get("/api/workflows/put-away").json()["definition"]}, {"enabled", false}};
  ASSERT_EQ(stack().post("/api/workflows", body).status, 201);
  const Json ended = stack().wait_end(id);
  EXPECT_EQ(ended["status"], "cancelled") << ended;
  EXPECT_THAT(ended.value("error", ""), HasSubstr("disabled"));
  EXPECT_EQ(stack().get("/api/executions/" + id + "/trace").status, 200);
}

TEST_F(Debouncing, ThereIsNoOutputToAnswerWith) {
  const HttpAnswer created = r8r::test::call(
      {.method = "POST",
       .url = stack().url() + "/api/workflows",
       .body = "name: bare-burst\ntriggers: [{type: webhook, response_mode: output, debounce: {wait_seconds: 0.1}}]\n"
               "nodes: [{id: a, type: debug}]\n",
       .headers = {"Content-Type: application/yaml"}});
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_THAT(created.body, HasSubstr("the response mode is full"));
  EXPECT_EQ(post("bare-burst", 1).status, 202);
}

TEST_F(Debouncing, AnAcceptedCallSurvivesTheRestartOfEverything) {
  hook("lasting", "wait_seconds: 1");
  for (int i = 0; i < 2; ++i) stack().service("r8r-scheduler", i).kill();
  const std::string id = call("lasting", {{"n", 1}});
  EXPECT_EQ(call("lasting", {{"n", 2}}, 1), id);
  for (int i = 0; i < 2; ++i) stack().service("r8r-api", i).kill();
  stack().postgres().stop(PostgresServer::Stop::immediate);
  stack().restart_nats();
  stack().postgres().start();
  for (int i = 0; i < 2; ++i) {
    stack().service("r8r-api", i).start();
    stack().service("r8r-scheduler", i).start();
  }
  ASSERT_TRUE(stack().wait_ready()) << stack().not_ready();
  const Json ended = stack().wait_end(id, seconds(90));
  EXPECT_EQ(ended["status"], "completed") << ended;
  EXPECT_EQ(ended["input"], Json({{"n", 2}}));
  EXPECT_EQ(executions_of("lasting"), "1");
}

}  // namespace
}  // namespace r8r::test
