#include <gtest/gtest.h>

#include "common/expr/json.hpp"
#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::string with_trigger(std::string_view trigger) {
  return with_node_lines(fmt::format("triggers:\n  - {}\n", trigger));
}

WebhookTrigger webhook_of(std::string_view trigger) {
  const auto workflow = must_load(with_trigger(trigger));
  return workflow->triggers.empty() || !workflow->triggers[0].webhook ? WebhookTrigger{}
                                                                      : *workflow->triggers[0].webhook;
}

TEST(Triggers, AWebhookWithDefaults) {
  const WebhookTrigger webhook = webhook_of("type: webhook");
  EXPECT_EQ(webhook.path, "");
  EXPECT_EQ(webhook.methods, std::vector<std::string>{"POST"});
  EXPECT_EQ(webhook.response_mode, "full");
  EXPECT_EQ(webhook.timeout, std::chrono::seconds(30));
  EXPECT_FALSE(webhook.envelope);
}

TEST(Triggers, FieldsStandInTheTriggerOrItsConfig) {
  for (const std::string trigger : {"{type: webhook, path: orders, method: get, response_mode: wait_for_result, "
                                    "timeout_seconds: 5, input_mode: envelope}",
                                    "{type: webhook, config: {path: /orders, method: GET, response_mode: output, "
                                    "timeout_seconds: 5, input_mode: envelope}}",
                                    "{type: webhook, path: /orders, config: {method: [Get, GET], response_mode: "
                                    "output, timeout_seconds: 5.0, input_mode: envelope}}"}) {
    const WebhookTrigger webhook = webhook_of(trigger);
    EXPECT_EQ(webhook.path, "/orders");
    EXPECT_EQ(webhook.methods, std::vector<std::string>{"GET"});
    EXPECT_EQ(webhook.response_mode, "output");
    EXPECT_EQ(webhook.timeout, std::chrono::seconds(5));
    EXPECT_TRUE(webhook.envelope);
  }
  EXPECT_NE(problems_of(with_trigger("{type: webhook, path: /a, config: {path: /b}}"))
                .find("given in the trigger and in its config"),
            std::string::npos);
}

TEST(Triggers, MethodsMayBeAListAndUnknownWordsMeanAny) {
  EXPECT_EQ(webhook_of("{type: webhook, method: [post, PUT]}").methods, (std::vector<std::string>{"POST", "PUT"}));
  EXPECT_TRUE(webhook_of("{type: webhook, method: any}").methods.empty());
  EXPECT_TRUE(webhook_of("{type: webhook, method: [GET, whatever]}").methods.empty());
}

TEST(Triggers, MistakesAreNamed) {
  EXPECT_EQ(problems_of(with_trigger("{type: webhok}")),
            "7:12 triggers[0].type: unknown trigger type 'webhok' (did you mean 'webhook'?)\n");
  EXPECT_EQ(problems_of(with_trigger("{path: /x}")),
            "7:5 triggers[0].type: the field 'type' is missing (known: manual, webhook, cron, event)\n");
  EXPECT_EQ(problems_of(with_trigger("webhook")),
            "7:5 triggers[0]: a trigger must be a map with 'type', not a string\n");
  EXPECT_EQ(problems_of(with_trigger("{type: webhook, response_mode: ful}")),
            "7:36 triggers[0].response_mode: 'response_mode' must be one of full, output, wait_for_result, async, not "
            "'ful' (did you mean 'full'?)\n");
  EXPECT_NE(problems_of(with_trigger("{type: webhook, timeout_seconds: 301}")).find("must be a number from 1 to 300"),
            std::string::npos);
  EXPECT_NE(problems_of(with_trigger("{type: webhook, path: 'a b'}")).find("cannot be a path"), std::string::npos);
  EXPECT_NE(problems_of(with_trigger("{type: webhook, pat: x}")).find("did you mean 'path'?"), std::string::npos);
  EXPECT_NE(problems_of(with_trigger("{type: manual, path: x}")).find("unknown field 'path'"), std::string::npos);
  EXPECT_NE(problems_of(with_trigger("{type: webhook, config: 5}")).find("'config' must be a map"), std::string::npos);
}

TEST(Triggers, APathOfTheServerIsAWarning) {
  for (const std::string path : {"/api/x", "/metrics", "/", "/editor"}) {
    EXPECT_NE(warnings_of(with_trigger("{type: webhook, path: " + path + "}")).find("reachable as /webhooks" + path),
              std::string::npos);
  }
  EXPECT_EQ(warnings_of(with_trigger("{type: webhook, path: /apis}")), "");
}

CronTrigger cron_of(std::string_view trigger, std::string_view more = "") {
  const auto workflow = must_load(with_trigger(trigger) + std::string(more));
  if (workflow->triggers.empty() || !workflow->triggers[0].cron) return {*cron::Schedule::parse("@daily")};
  return *workflow->triggers[0].cron;
}

EventTrigger event_of(std::string_view trigger) {
  const auto workflow = must_load(with_trigger(trigger));
  return workflow->triggers.empty() || !workflow->triggers[0].event ? EventTrigger{} : *workflow->triggers[0].event;
}

expr::Value evaluated(const expr::ValueTemplate& input, const expr::Scope& scope) {
  expr::EvalContext context{.scope = scope};
  return input.evaluate(context).value_or(expr::Value::string("error"));
}

TEST(CronTriggers, FieldsStandInTheTriggerOrItsConfig) {
  for (const std::string trigger :
       {"{type: cron, schedule: '0 9 * * MON-FRI', timezone: Europe/Berlin, catch_up: true, input: {a: 1}}",
        "{type: cron, config: {schedule: '0 9 * * MON-FRI', timezone: Europe/Berlin, catch_up: true, input: {a: "
        "1}}}"}) {
    const CronTrigger cron = cron_of(trigger);
    EXPECT_EQ(cron.schedule.text(), "0 9 * * MON-FRI");
    EXPECT_EQ(cron.timezone, "Europe/Berlin");
    EXPECT_EQ(cron.schedule.next_after(*parse_rfc3339("2026-07-03T12:00:00Z"), *cron.zone),
              parse_rfc3339("2026-07-06T07:00:00Z"));
    EXPECT_TRUE(cron.catch_up);
    EXPECT_EQ(expr::to_json(evaluated(*cron.input, {})), R"({"a":1})");
  }
}

TEST(CronTriggers, TheTimeZoneComesFromTheSettingsUnlessGiven) {
  EXPECT_EQ(cron_of("{type: cron, schedule: '@daily'}").timezone, "UTC");
  EXPECT_FALSE(cron_of("{type: cron, schedule: '@daily'}").catch_up);
  const CronTrigger cron = cron_of("{type: cron, schedule: '@daily'}", "settings: {timezone: Asia/Tokyo}\n");
  EXPECT_EQ(cron.timezone, "Asia/Tokyo");
  EXPECT_EQ(cron.zone->offset_at(0), 9 * 3'600);
  EXPECT_EQ(cron_of("{type: cron, schedule: '@daily', timezone: UTC}", "settings: {timezone: Asia/Tokyo}\n").timezone,
            "UTC");
}

TEST(CronTriggers, TheInputSeesTheScheduledTime) {
  const CronTrigger cron =
      cron_of("{type: cron, schedule: '@daily', input: {day: '{{ scheduled_at.sub_string(0, 10) }}'}}");
  expr::Scope scope;
  scope.set("scheduled_at", expr::Value::string("2026-01-20T00:00:00.000Z"));
  EXPECT_EQ(expr::to_json(evaluated(*cron.input, scope)), R"({"day":"2026-01-20"})");
}

TEST(CronTriggers, MistakesAreNamed) {
  EXPECT_EQ(problems_of(with_trigger("{type: cron, schedule: '0 25 * * *'}")),
            "7:31 triggers[0].schedule: the hour '25' is not allowed; 0 to 23 is\n");
  EXPECT_EQ(problems_of(with_trigger("{type: cron, schedule: '0 0 30 2 *'}")),
            "7:33 triggers[0].schedule: the schedule never fires: no month that it names has a day '30' (February has "
            "29 days "
            "at most; April, June, September and November have 30)\n");
  EXPECT_EQ(problems_of(with_trigger("{type: cron}")),
            "7:5 triggers[0].schedule: the field 'schedule' is missing (for example schedule: \"0 9 * * MON-FRI\")\n");
  EXPECT_EQ(problems_of(with_trigger("{type: cron, schedule: 5}")),
            "7:28 triggers[0].schedule: 'schedule' must be a string, not '5' (put it in quotes)\n");
  EXPECT_EQ(problems_of(with_trigger("{type: cron, schedule: '@daily', timezone: Europe/Berln}")),
            "7:48 triggers[0].timezone: unknown time zone 'Europe/Berln' (take a name of the IANA database, such as "
            "Europe/Berlin or UTC)\n");
  EXPECT_EQ(
      problems_of(with_trigger("{type: cron, schedule: '@daily'}") + "settings: {timezone: Mars}\n"),
      "8:22 settings.timezone: unknown time zone 'Mars' (take a name of the IANA database, such as Europe/Berlin or "
      "UTC)\n");
  EXPECT_EQ(problems_of(with_trigger("{type: cron, schedule: '@daily', input: [1]}")),
            "7:45 triggers[0].input: 'input' of a cron trigger must be a map, not a list (its fields stand beside "
            "scheduled_at in the input of the workflow)\n");
  EXPECT_EQ(problems_of(with_trigger("{type: cron, schedule: '@daily', input: {x: '{{ scheduled }}'}}")),
            "7:53 triggers[0].input.x: unknown name 'scheduled' (did you mean 'scheduled_at'?)\n");
  EXPECT_EQ(problems_of(with_trigger("{type: cron, schedule: '@daily', catchup: true}")),
            "7:38 triggers[0].catchup: unknown field 'catchup' in triggers[0] (did you mean 'catch_up'?)\n");
}

TEST(EventTriggers, HoldWhatTheFileSays) {
  const EventTrigger event = event_of(
      "{type: event, event: order.created, filter: 'data.total > 100', json_path: $.customer.id, delay: 1.5, "
      "routing: [{condition: 'data.vip', target_workflow: vip-orders}], input: {id: '{{ data.id }}', at: '{{ event "
      "}}'}}");
  EXPECT_EQ(event.event, "order.created");
  EXPECT_EQ(event.delay, std::chrono::milliseconds(1'500));
  ASSERT_EQ(event.routing.size(), 1u);
  EXPECT_EQ(event.routing[0].target_workflow, "vip-orders");
  expr::Scope scope;
  scope.set("event", expr::Value::string("order.created"));
  scope.set("data", *expr::parse_json(R"({"id": 7, "total": 150, "vip": false, "customer": {"id": null}})"));
  expr::EvalContext context{.scope = scope};
  EXPECT_EQ(expr::evaluate(*event.filter, context), expr::Value::boolean(true));
  EXPECT_EQ(expr::evaluate(event.routing[0].condition, context), expr::Value::boolean(false));
  EXPECT_NE(event.json_path->find(*scope.others().find("data")), nullptr);
  EXPECT_EQ(expr::to_json(evaluated(*event.input, scope)), R"({"id":7,"at":"order.created"})");
}

TEST(EventTriggers, AStarAtTheEndStandsForAnySuffix) {
  EXPECT_TRUE(event_of("{type: event, event: order.created}").matches("order.created"));
  EXPECT_FALSE(event_of("{type: event, event: order.created}").matches("order.created.late"));
  const EventTrigger all = event_of("{type: event, event: order.*}");
  EXPECT_TRUE(all.matches("order.created"));
  EXPECT_TRUE(all.matches("order.item.added"));
  for (const std::string_view other : {"order", "order.", "orders.x", ""}) EXPECT_FALSE(all.matches(other)) << other;
  EXPECT_TRUE(event_of("{type: event, event: '*'}").matches("anything"));
}

TEST(EventTriggers, MistakesAreNamed) {
  EXPECT_EQ(problems_of(with_trigger("{type: event}")),
            "7:5 triggers[0].event: the field 'event' is missing (for example event: order.created, or order.*)\n");
  for (const std::string name : {"''", "a..b", "a.*.b", "a.b*", "'a b'", ".a", "a."}) {
    EXPECT_NE(problems_of(with_trigger("{type: event, event: " + name + "}")).find("cannot be the name of an event"),
              std::string::npos)
        << name;
  }
  EXPECT_EQ(problems_of(with_trigger("{type: event, event: a, filter: 'data.x >'}")).substr(0, 24),
            "7:46 triggers[0].filter:");
  EXPECT_NE(problems_of(with_trigger("{type: event, event: a, filter: 'nodes.a.x == 1'}")).find("no node has run yet"),
            std::string::npos);
  EXPECT_NE(problems_of(with_trigger("{type: event, event: a, filter: 'date.x == 1'}")).find("did you mean 'data'?"),
            std::string::npos);
  EXPECT_EQ(problems_of(with_trigger("{type: event, event: a, json_path: '$.a[x]'}")),
            "7:45 triggers[0].json_path: an index or a name in quotes is expected between '[' and ']' (for example "
            "$.order.items[0].id)\n");
  EXPECT_NE(problems_of(with_trigger("{type: event, event: a, delay: -1}"))
                .find("'delay' must be a number from 0 to 2592000"),
            std::string::npos);
  EXPECT_EQ(problems_of(with_trigger("{type: event, event: a, routing: [{}]}")),
            "7:39 triggers[0].routing[0].condition: the field 'condition' is missing\n"
            "7:39 triggers[0].routing[0].target_workflow: the field 'target_workflow' is missing\n");
  EXPECT_NE(problems_of(with_trigger("{type: event, event: a, routing: [{condition: 'true', target_workflow: a b}]}"))
                .find("'a b' cannot be the name of a workflow"),
            std::string::npos);
}

TEST(JsonPaths, NameOnePlace) {
  const expr::Value root = *expr::parse_json(R"({"a": [{"b c": 1}, null], "x": {"y": 2}})");
  const auto at = [&](std::string_view text) -> std::string {
    const auto path = JsonPath::parse(text);
    if (!path) return fmt::format("{}: {}", path.error().column, path.error().message);
    const expr::Value* value = path->find(root);
    return value == nullptr ? "nothing" : expr::to_json(*value);
  };
  EXPECT_EQ(at("$.x.y"), "2");
  EXPECT_EQ(at("x.y"), "2");
  EXPECT_EQ(at("$['a'][0][\"b c\"]"), "1");
  EXPECT_EQ(at("$.a[-1]"), "null");
  EXPECT_EQ(at("$.x"), R"({"y":2})");
  EXPECT_EQ(at("$.a[2]"), "nothing");
  EXPECT_EQ(at("$.a[-3]"), "nothing");
  EXPECT_EQ(at("$.a.b"), "nothing");
  EXPECT_EQ(at("$.x[0]"), "nothing");
  EXPECT_EQ(at("$"), expr::to_json(root));
  EXPECT_EQ(at(""), "1: the path is empty");
  EXPECT_EQ(at("$.a[*]"), "5: an index or a name in quotes is expected between '[' and ']'");
  EXPECT_EQ(at("$.*"), "3: a path names one place: '*' is not allowed");
  EXPECT_EQ(at("$..a"), "3: a name is expected here");
  EXPECT_EQ(at("$x"), "2: '.' or '[' is expected, not 'x'");
  EXPECT_EQ(at("$.a['b"), "5: the quote is not closed");
  EXPECT_EQ(at("$.a[0"), "6: ']' is missing");
  EXPECT_EQ(at("$.a[99999999999]"), "5: an index or a name in quotes is expected between '[' and ']'");
}

TEST(Triggers, EveryTypeIsTakenByAServer) {
  for (const std::string trigger :
       {"{type: manual}", "{type: webhook}", "{type: cron, schedule: '@daily'}", "{type: event, event: a}"}) {
    EXPECT_NE(load_to_run(with_trigger(trigger)).workflow, nullptr) << trigger;
  }
}

}  // namespace
}  // namespace r8r::workflow
