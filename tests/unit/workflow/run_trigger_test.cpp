#include "common/workflow/run_trigger.hpp"

#include <gtest/gtest.h>

#include "common/expr/json.hpp"
#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::shared_ptr<const Workflow> workflow_with(const std::string& lines) {
  const LoadResult loaded = load("name: t\n" + lines + "\nnodes: [{id: a, type: debug}]\n");
  EXPECT_NE(loaded.workflow, nullptr) << problems_json(loaded.problems);
  return loaded.workflow;
}

/// The input of the first trigger's execution at 09:00, or the error's text.
std::string input_of(const std::string& lines) {
  const auto workflow = workflow_with(lines);
  if (workflow == nullptr) return "does not load";
  const TriggerContext context{.env = *expr::parse_json(R"({"R8R_REGION": "eu"})")};
  const auto input =
      cron_input(*workflow, *workflow->triggers.at(0).cron, *parse_rfc3339("2026-01-20T09:00:00Z"), context);
  return input ? *input : std::string(error_code_name(input.error().code)) + ": " + input.error().message;
}

TEST(CronInput, IsTheTimeInTheSchedule) {
  EXPECT_EQ(input_of("triggers: [{type: cron, schedule: '0 9 * * *'}]"),
            R"({"scheduled_at":"2026-01-20T09:00:00.000Z"})");
}

TEST(CronInput, HasTheTriggersFieldsBesides) {
  EXPECT_EQ(input_of(R"(
variables: {team: ops}
triggers:
  - type: cron
    schedule: '0 9 * * *'
    input: {day: '{{ scheduled_at.sub_string(0, 10) }}', team: '{{ variables.team }}', at: '{{ input.scheduled_at }}', region: '{{ env.R8R_REGION }}', scheduled_at: never}
)"),
            R"({"scheduled_at":"2026-01-20T09:00:00.000Z","day":"2026-01-20","team":"ops",)"
            R"("at":"2026-01-20T09:00:00.000Z","region":"eu"})");
}

TEST(CronInput, IsCheckedAsAnyInput) {
  EXPECT_EQ(input_of("inputs: {n: {type: integer, default: 3}}\ntriggers: [{type: cron, schedule: '@daily'}]"),
            R"({"scheduled_at":"2026-01-20T09:00:00.000Z","n":3})");
  EXPECT_EQ(input_of("inputs: {n: {type: integer, required: true}}\ntriggers: [{type: cron, schedule: '@daily'}]"),
            "INVALID_INPUT: invalid input: 'n' is required");
}

TEST(CronInput, WhatFailsIsAnErrorThatNamesTheTrigger) {
  EXPECT_EQ(input_of("triggers: [{type: cron, schedule: '@daily', input: '{{ [1] }}'}]"),
            "INVALID_INPUT: 'input' of the cron trigger did not give a map of fields");
  EXPECT_EQ(input_of("triggers: [{type: cron, schedule: '@daily', input: {a: '{{ 1 / 0 }}'}}]").substr(0, 47),
            "INVALID_INPUT: 'input' of the cron trigger: /a:");
}

TEST(CronInput, IsBoundedInSteps) {
  const std::string text =
      input_of("triggers: [{type: cron, schedule: '@daily', input: {a: '{{ let n = 0; while true { n += 1; } n }}'}}]");
  EXPECT_NE(text.find("expression limit exceeded"), std::string::npos) << text;
}

TEST(CronTriggers, AreNamedByScheduleAndZone) {
  const auto workflow = workflow_with(R"(
settings: {timezone: Europe/Berlin}
triggers:
  - {type: manual}
  - {type: cron, schedule: ' 0 9 * * * '}
  - {type: cron, schedule: '0 9 * * *', timezone: Asia/Tokyo}
  - {type: cron, schedule: '0 9 * * *', input: {second: true}}
)");
  ASSERT_NE(workflow, nullptr);
  const auto triggers = cron_triggers(*workflow);
  ASSERT_EQ(triggers.size(), 3u);
  EXPECT_EQ(triggers[0], (std::pair<std::size_t, std::string>(1, "0 9 * * * Europe/Berlin")));
  EXPECT_EQ(triggers[1], (std::pair<std::size_t, std::string>(2, "0 9 * * * Asia/Tokyo")));
  EXPECT_EQ(triggers[2], (std::pair<std::size_t, std::string>(3, "0 9 * * * Europe/Berlin #2")));
}

/// The key of a call with this body, or the error's text.
std::string key_of(const std::string& key, const std::string& body) {
  const auto workflow =
      workflow_with("variables: {shop: main}\ntriggers: [{type: webhook, debounce: {key: " + key + "}}]");
  if (workflow == nullptr) return "does not load";
  WebhookFacts call;
  call.body = *expr::parse_json(body);
  call.input = *expr::parse_json(R"({"body": )" + body + "}");
  call.headers = *expr::parse_json(R"({"x-event": "push"})");
  call.query = *expr::parse_json(R"({"id": ["1", "2"]})");
  const TriggerContext context{.env = *expr::parse_json(R"({"R8R_REGION": "eu"})")};
  const auto text = webhook_key(*workflow, *workflow->triggers.at(0).webhook->debounce->key, call, context);
  return text ? *text : std::string(error_code_name(text.error().code)) + ": " + text.error().message;
}

TEST(WebhookKey, SeesTheCall) {
  EXPECT_EQ(key_of("'{{ body.id }}-{{ input.body.id }}-{{ headers[\"x-event\"] }}-{{ query.id[1] }}'", R"({"id": 7})"),
            "7-7-push-2");
  EXPECT_EQ(key_of("'{{ variables.shop }} in {{ env.R8R_REGION }}'", "null"), "main in eu");
  EXPECT_EQ(key_of("all", "null"), "all");
}

TEST(WebhookKey, WhatIsNoTextIsJson) {
  EXPECT_EQ(key_of("'{{ body.id }}'", R"({"id": 7})"), "7");
  EXPECT_EQ(key_of("'{{ body.id }}'", R"({"id": {"a": [1]}})"), R"({"a":[1]})");
  EXPECT_EQ(key_of("['{{ body.a }}', '{{ body.b }}']", R"({"a": 1, "b": "x"})"), R"([1,"x"])");
}

TEST(WebhookKey, NothingIsNoKey) {
  EXPECT_EQ(key_of("'{{ body.id }}'", "{}"), "INVALID_INPUT: 'key' gives null");
  EXPECT_EQ(key_of("'{{ body.id }}'", R"({"id": ""})"), "INVALID_INPUT: 'key' gives an empty text");
  EXPECT_EQ(key_of("'{{ body.id / 0 }}'", R"({"id": 1})").substr(0, 20), "INVALID_INPUT: 'key'");
  EXPECT_EQ(key_of("'{{ let n = 0; while true { n += 1; } n }}'", "1").substr(0, 20), "INVALID_INPUT: 'key'");
}

}  // namespace
}  // namespace r8r::workflow
