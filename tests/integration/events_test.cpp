// Events, from the API to the executions that they start.
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "common/base/async.hpp"
#include "common/bus/connection.hpp"
#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class Events : public StackTest {
 protected:
  static void listen(const std::string& name, const std::string& trigger, const std::string& more = "") {
    stack().create("name: " + name + "\n" + more + "triggers: [{type: event, " + trigger +
                   "}]\nnodes: [{id: see, type: transform, config: {expression: 'input'}}]\n");
  }
  static HttpAnswer publish(const Json& event, int api = 0, std::vector<std::string> headers = {}) {
    return stack().post("/api/events/publish", event, api, std::move(headers));
  }
  static Json request(const std::string& subject, const std::string& data) {
    asio::io_context io;
    std::string answer;
    asio::co_spawn(io, ask(io, stack().nats_url(), subject, data, answer), asio::detached);
    io.run();
    return Json::parse(answer, nullptr, false);
  }
  static std::string started_by(const Json& answer, const std::string& workflow) {
    for (const Json& entry : answer["triggered"]) {
      if (entry["workflow"] == workflow) return entry.value("execution_id", "");
    }
    return "";
  }

 private:
  static awaitable<void> ask(asio::io_context& io, std::string url, std::string subject, std::string data,
                             std::string& answer) {
    bus::Options options;
    options.url = url;
    options.name = "test";
    auto connection = co_await bus::Connection::connect(io, std::move(options), std::chrono::seconds(10));
    if (!connection) co_return;
    Result<bus::Message> reply =
        co_await (*connection)->request(std::move(subject), std::move(data), std::chrono::seconds(10));
    if (reply) answer = reply->data;
  }
};

TEST_F(Events, AnEventStartsWhoeverListens) {
  listen("exact", "event: order.created");
  listen("any-order", "event: 'order.*'");
  listen("other", "event: invoice.created");
  const HttpAnswer answer =
      publish({{"event", "order.created"}, {"data", {{"id", 7}}}, {"source", "shop"}, {"correlation_id", "c-7"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json body = answer.json();
  EXPECT_EQ(body["status"], "published");
  EXPECT_EQ(body["event"], "order.created");
  EXPECT_EQ(body["triggered"].size(), 2u) << body;
  EXPECT_EQ(started_by(body, "other"), "");
  // Recorded when the answer came.
  EXPECT_EQ(stack().get("/api/executions/" + started_by(body, "exact"), 1).status, 200);
  const Json ended = stack().wait_end(started_by(body, "any-order"));
  EXPECT_EQ(ended["status"], "completed");
  EXPECT_EQ(ended["trigger_type"], "event:order.created");
  EXPECT_EQ(ended["correlation_id"], "c-7");
  EXPECT_EQ(ended["output"],
            Json({{"event", "order.created"}, {"data", {{"id", 7}}}, {"source", "shop"}, {"correlation_id", "c-7"}}));
}

// Whatever the input is made of.
TEST_F(Events, ExpressionsSeeTheEventOfTheirExecution) {
  const std::string look = "nodes: [{id: see, type: transform, config: {expression: '[execution.event, input]'}}]\n";
  stack().create("name: told-routed\n" + look);
  stack().create(
      "name: told\ntriggers: [{type: event, event: 'tell.*', input: {n: '{{ data.n }}'}, "
      "routing: [{condition: data.n > 1, target_workflow: told-routed}]}]\n" +
      look);
  stack().create("name: told-later\ntriggers: [{type: event, event: tell.all, delay: 1, input: 7}]\n" + look);
  const auto without_time = [](Json output) {
    EXPECT_TRUE(output[0].contains("published_at")) << output;
    output[0].erase("published_at");
    return output;
  };
  const Json envelope = {{"event", "tell.all"}, {"source", "shop"}, {"correlation_id", "c-1"}};
  const auto tell = [](int n) {
    return publish({{"event", "tell.all"}, {"data", {{"n", n}}}, {"source", "shop"}, {"correlation_id", "c-1"}}).json();
  };
  const std::string first = started_by(tell(1), "told");
  EXPECT_EQ(without_time(stack().wait_end(first)["output"]), Json({envelope, {{"n", 1}}}));
  const std::string routed = started_by(tell(2), "told-routed");
  EXPECT_EQ(without_time(stack().wait_end(routed)["output"]), Json({envelope, {{"n", 2}}}));
  const std::string later = "from all_executions where workflow_name = 'told-later' and status = 'completed'";
  ASSERT_TRUE(eventually(seconds(60), [&] { return stack().query("select count(*) " + later) == "2"; }));
  EXPECT_EQ(without_time(Json::parse(stack().query("select output " + later + " limit 1"))), Json({envelope, 7}));

  const HttpAnswer again = stack().post("/api/executions/" + first + "/replay", {{"input", {{"n", 3}}}});
  EXPECT_EQ(again.json()["output"][0], stack().get("/api/executions/" + first).json()["output"][0]) << again.body;
  EXPECT_EQ(again.json()["output"][1], Json({{"n", 3}}));
  EXPECT_EQ(stack().execute("told", 5)["output"], Json({nullptr, 5}));
}

TEST(EventsWhileNobodyIsThere, AreSeenByWhoeverTakesTheExecutionOver) {
  Stack stack({.apis = 1, .schedulers = 1, .workers = 1});
  stack.start();
  stack.create(
      "name: told\ntriggers: [{type: event, event: tell.me}]\n"
      "nodes: [{id: see, type: transform, config: {expression: execution.event.source}}]\n");
  stack.service("r8r-scheduler").stop(seconds(10));
  const Json answer = stack.post("/api/events/publish", {{"event", "tell.me"}, {"source", "shop"}}).json();
  stack.service("r8r-scheduler").start();
  ASSERT_EQ(answer["triggered"].size(), 1u) << answer;
  EXPECT_EQ(stack.wait_end(answer["triggered"][0].value("execution_id", ""))["output"], "shop");
}

TEST_F(Events, NobodyListeningIsNoError) {
  const Json body = publish({{"event", "nobody.cares"}}).json();
  EXPECT_EQ(body["triggered"], Json::array()) << body;
  EXPECT_EQ(body["failed"], Json::array());
}

TEST_F(Events, FiltersRoutesAndTemplatesDecide) {
  stack().create("name: large-payments\nnodes: [{id: see, type: transform, config: {expression: 'input'}}]\n");
  listen("payments", R"(event: payment.done, filter: data.amount > 10, json_path: $.amount,
    routing: [{condition: data.amount > 1000, target_workflow: large-payments}], input: {amount: '{{ data.amount }}'})");
  const Json small = publish({{"event", "payment.done"}, {"data", {{"amount", 50}}}}).json();
  EXPECT_EQ(stack().wait_end(started_by(small, "payments"))["output"], Json({{"amount", 50}}));
  const Json large = publish({{"event", "payment.done"}, {"data", {{"amount", 5000}}}}).json();
  EXPECT_EQ(stack().wait_end(started_by(large, "large-payments"))["output"], Json({{"amount", 5000}}));
  EXPECT_EQ(large["triggered"].size(), 1u);
  EXPECT_EQ(publish({{"event", "payment.done"}, {"data", {{"amount", 5}}}}).json()["triggered"], Json::array());
  EXPECT_EQ(publish({{"event", "payment.done"}, {"data", {{"sum", 5}}}}).json()["triggered"], Json::array());
  const Json wrong = publish({{"event", "payment.done"}, {"data", {{"amount", "much"}}}}).json();
  ASSERT_EQ(wrong["failed"].size(), 1u) << wrong;
  EXPECT_EQ(wrong["failed"][0]["workflow"], "payments");
  EXPECT_THAT(wrong["failed"][0].value("error", ""), HasSubstr("'filter'"));
}

TEST_F(Events, AnInputThatTheWorkflowRefusesIsToldAndStopsNoOther) {
  listen("strict", "event: mixed.event", "inputs: {n: {type: integer, required: true}}\n");
  listen("loose", "event: mixed.event");
  const Json body = publish({{"event", "mixed.event"}, {"data", 1}}).json();
  EXPECT_NE(started_by(body, "loose"), "") << body;
  ASSERT_EQ(body["failed"].size(), 1u) << body;
  EXPECT_EQ(body["failed"][0], Json({{"workflow", "strict"}, {"error", "invalid input: 'n' is required"}}));
}

TEST_F(Events, ADelayedExecutionStartsAtItsTime) {
  listen("later", "event: remind.me, delay: 2");
  const Json body = publish({{"event", "remind.me"}, {"data", "milk"}}).json();
  ASSERT_EQ(body["triggered"].size(), 1u) << body;
  EXPECT_FALSE(body["triggered"][0].contains("execution_id"));
  const std::string run_at = body["triggered"][0].value("run_at", "");
  const auto row = [](const std::string& column) {
    return stack().query("select " + column + " from all_executions where workflow_name = 'later'");
  };
  ASSERT_TRUE(eventually(seconds(60), [&] { return row("status") == "completed"; })) << row("status");
  EXPECT_EQ(row("trigger_type"), "delayed_event:remind.me");
  EXPECT_EQ(row("accepted_at >= '" + run_at + "'"), "t");
  EXPECT_EQ(stack().query("select count(*) from delayed_starts"), "0");
}

TEST_F(Events, AKeyMakesARepeatedPublishSafe) {
  listen("once", "event: once.only");
  const Json event = {{"event", "once.only"}, {"data", {{"b", 1}, {"a", 2}}}, {"idempotency_key", "evt-1"}};
  const HttpAnswer first = publish(event);
  const HttpAnswer again = publish(event, 1);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json(), first.json());
  EXPECT_EQ(again.headers.at("idempotent-replayed"), "true");
  Json changed = event;
  changed["data"] = 5;
  EXPECT_EQ(publish(changed).status, 409);
  changed.erase("idempotency_key");
  const HttpAnswer refused = publish(changed, 0, {"Idempotency-Key: evt-1"});
  EXPECT_EQ(refused.status, 422) << refused.body;
  EXPECT_EQ(refused.json()["error"]["code"], "IDEMPOTENCY_KEY_MISMATCH");
  EXPECT_EQ(stack().query("select count(*) from all_executions where workflow_name = 'once'"), "1");
}

TEST_F(Events, AMessageOnTheBusIsAnEventToo) {
  listen("over-the-bus", "event: 'bus.*'");
  const Json answer =
      request("r8r.trigger.bus.hello", R"({"data": {"n": 1}, "source": "nats", "idempotency_key": "bus-1"})");
  EXPECT_EQ(answer["event"], "bus.hello") << answer;
  EXPECT_EQ(stack().wait_end(started_by(answer, "over-the-bus"))["output"]["data"], Json({{"n", 1}}));
  EXPECT_EQ(request("r8r.trigger.bus.hello", R"({"data": {"n": 1}, "source": "nats", "idempotency_key": "bus-1"})"),
            answer);
  EXPECT_EQ(request("r8r.trigger.bus.hello", "no JSON")["error"]["code"], "INVALID_REQUEST");
  EXPECT_EQ(request("r8r.trigger.bus.hello", R"({"event": "bus.bye"})")["error"]["code"], "INVALID_FIELD");
  // One of the two api instances took it: it started once.
  EXPECT_EQ(stack().query("select count(*) from all_executions where workflow_name = 'over-the-bus'"), "1");
}

TEST_F(Events, WhatIsNoEventIsRefused) {
  EXPECT_EQ(publish({{"data", 1}}).json()["error"]["code"], "MISSING_FIELD");
  for (const std::string name : {"", "a b", ".a", "a..b", "a.", "a\nb"}) {
    const Json error = publish({{"event", name}}).json()["error"];
    EXPECT_EQ(error["code"], "INVALID_FIELD") << name;
    EXPECT_EQ(error["details"]["field"], "event");
  }
  EXPECT_EQ(publish({{"event", std::string(129, 'a')}}).status, 400);
  EXPECT_EQ(publish({{"event", 5}}).status, 400);
}

TEST_F(Events, ADisabledWorkflowDoesNotListen) {
  listen("sleeping", "event: wake.up");
  EXPECT_EQ(publish({{"event", "wake.up"}}).json()["triggered"].size(), 1u);
  const Json body = {{"definition", stack().get("/api/workflows/sleeping").json()["definition"]}, {"enabled", false}};
  ASSERT_EQ(stack().post("/api/workflows", body).status, 201);
  EXPECT_TRUE(eventually(seconds(10), [] { return publish({{"event", "wake.up"}}, 1).json()["triggered"].empty(); }));
}

TEST_F(Events, PublishingFromTheCommandLine) {
  listen("from-cli", "event: cli.event");
  const Finished told = run(program_path("r8r"), {"--url", stack().url(), "events", "publish", "cli.event", "--data",
                                                  R"({"n": 12345678901234567890})", "--source", "me"});
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr("from-cli"));
  const Finished json = run(program_path("r8r"), {"--url", stack().url(), "--json", "events", "publish", "cli.event"});
  const Json answer = Json::parse(json.out, nullptr, false);
  EXPECT_EQ(answer["event"], "cli.event") << json.out;
  EXPECT_EQ(stack().wait_end(started_by(answer, "from-cli"))["input"]["source"], Json());
  const Finished broken =
      run(program_path("r8r"), {"--url", stack().url(), "events", "publish", "cli.event", "--data", "{"});
  EXPECT_EQ(broken.exit_code, 1);
  const Finished bad = run(program_path("r8r"), {"--url", stack().url(), "events", "publish", "a..b"});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.err, HasSubstr("INVALID_FIELD"));
}

}  // namespace
}  // namespace r8r::test
