#include <gtest/gtest.h>

#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

class Webhooks : public StackTest {};

constexpr const char* kEcho = R"(
name: hook-echo
triggers:
  - {type: webhook, path: /orders, method: POST}
nodes:
  - {id: echo, type: transform, config: {expression: 'input'}}
)";

TEST_F(Webhooks, RunTheWorkflowByItsNameAndByItsPath) {
  stack().create(kEcho);
  for (const char* path : {"/webhooks/hook-echo", "/webhooks/orders", "/orders"}) {
    const HttpAnswer answer = stack().post(path, {{"order_id", "ORD-1"}});
    ASSERT_EQ(answer.status, 200) << path << " " << answer.body;
    EXPECT_EQ(answer.json()["status"], "completed");
    EXPECT_EQ(answer.json()["output"], Json({{"order_id", "ORD-1"}}));
    EXPECT_TRUE(answer.headers.contains("x-execution-id"));
    const Json execution = stack().get("/api/executions/" + answer.json().value("execution_id", "")).json();
    EXPECT_EQ(execution["trigger_type"], "webhook");
    EXPECT_EQ(execution["origin"], "webhook");
  }
}

TEST_F(Webhooks, ANewWorkflowIsReachableOnEveryInstanceAtOnce) {
  stack().create(
      "name: fresh-hook\ntriggers: [{type: webhook}]\nnodes:\n  - {id: a, type: transform, config: {expression: "
      "'input'}}\n");
  EXPECT_TRUE(
      eventually(std::chrono::seconds(2), [&] { return stack().post("/webhooks/fresh-hook", 1, 1).status == 200; }));
}

TEST_F(Webhooks, OutputModeAnswersWithTheBareOutput) {
  stack().create(
      "name: bare\ntriggers: [{type: webhook, response_mode: output}]\n"
      "nodes:\n  - {id: a, type: transform, config: {expression: '#{ hello: input.who }'}}\n");
  const HttpAnswer answer = stack().post("/webhooks/bare", {{"who", "you"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json(), Json({{"hello", "you"}}));
}

TEST_F(Webhooks, AsyncModeAnswersBeforeTheEnd) {
  stack().create(
      "name: later\ntriggers: [{type: webhook, response_mode: async}]\n"
      "nodes:\n  - {id: a, type: wait, config: {milliseconds: 200}}\n");
  const HttpAnswer answer = stack().post("/webhooks/later", 1);
  ASSERT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(stack().wait_end(answer.json().value("execution_id", ""))["status"], "completed");
}

TEST_F(Webhooks, BodiesOfEveryKindBecomeTheInput) {
  stack().create(kEcho);
  const std::string url = stack().url() + "/webhooks/hook-echo";
  const HttpAnswer form = call({.method = "POST",
                                .url = url,
                                .body = "a=1&b=x%20y&a=2",
                                .headers = {"Content-Type: application/x-www-form-urlencoded"}});
  EXPECT_EQ(form.json()["output"], Json({{"a", {"1", "2"}}, {"b", "x y"}})) << form.body;
  const HttpAnswer text =
      call({.method = "POST", .url = url, .body = "hello", .headers = {"Content-Type: text/plain"}});
  EXPECT_EQ(text.json()["output"], "hello") << text.body;
}

TEST_F(Webhooks, UnknownOnesAreNotFoundAndWrongMethodsNotAllowed) {
  stack().create(kEcho);
  stack().create("name: no-hook\nnodes:\n  - {id: a, type: transform, config: {expression: '1'}}\n");
  EXPECT_EQ(stack().post("/webhooks/nothing", 1).status, 404);
  EXPECT_EQ(stack().post("/webhooks/no-hook", 1).status, 404);
  const HttpAnswer wrong = call({.method = "PUT", .url = stack().url() + "/webhooks/orders", .body = "1"});
  EXPECT_EQ(wrong.status, 405) << wrong.body;
  EXPECT_EQ(wrong.json()["error"]["code"], "METHOD_NOT_ALLOWED");
}

}  // namespace
}  // namespace r8r::test
