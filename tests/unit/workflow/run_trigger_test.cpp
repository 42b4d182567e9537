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

}  // namespace
}  // namespace r8r::workflow
