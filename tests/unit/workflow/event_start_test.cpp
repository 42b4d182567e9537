#include <gtest/gtest.h>

#include "common/expr/json.hpp"
#include "common/workflow/run_trigger.hpp"
#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

/// What an event order.created with these data starts: "workflow input", "nothing", or the error's text.
std::string start(const std::string& trigger, const std::string& data = R"({"total": 120, "country": "de"})") {
  const LoadResult loaded =
      load("name: t\nvariables: {least: 100}\ntriggers:\n  - type: event\n    event: order.created\n" + trigger +
           "nodes: [{id: a, type: debug}]\n");
  if (loaded.workflow == nullptr) return problems_json(loaded.problems);
  const EventFacts facts{.name = "order.created",
                         .data = *expr::parse_json(data),
                         .source = expr::Value::string("shop"),
                         .correlation_id = "c-1"};
  const TriggerContext context{.env = *expr::parse_json(R"({"R8R_REGION": "eu"})")};
  const auto started = event_start(*loaded.workflow, *loaded.workflow->triggers[0].event, facts, context);
  if (!started) return std::string(error_code_name(started.error().code)) + ": " + started.error().message;
  if (!*started) return "nothing";
  return (*started)->workflow + " " + (*started)->input;
}

constexpr const char* kWhole =
    R"( {"event":"order.created","data":{"total":120,"country":"de"},"source":"shop","correlation_id":"c-1"})";

TEST(EventStart, TheInputIsTheEventWithItsFacts) {
  EXPECT_EQ(start(""), kWhole);
}

TEST(EventStart, AFilterDecides) {
  EXPECT_EQ(start("    filter: data.total > variables.least && event == 'order.created'\n"), kWhole);
  EXPECT_EQ(start("    filter: data.total > 500\n"), "nothing");
  EXPECT_EQ(start("    filter: input.source == 'till'\n"), "nothing");
}

TEST(EventStart, AFilterThatGivesNoTruthIsAnError) {
  EXPECT_EQ(start("    filter: data.total\n"), "INVALID_INPUT: 'filter' must give true or false, not 120");
  EXPECT_EQ(start("    filter: data.nothing.at.all > 5\n").substr(0, 23), "INVALID_INPUT: 'filter'");
}

TEST(EventStart, AJsonPathMustExist) {
  EXPECT_EQ(start("    json_path: $.country\n"), kWhole);
  EXPECT_EQ(start("    json_path: $.city\n"), "nothing");
  EXPECT_EQ(start("    json_path: $.city\n", "null"), "nothing");
}

TEST(EventStart, TheFirstRouteThatHoldsNamesTheWorkflow) {
  const std::string routes =
      "    routing:\n"
      "      - {condition: data.total > 500, target_workflow: large}\n"
      "      - {condition: data.country == 'de', target_workflow: german}\n"
      "      - {condition: 'true', target_workflow: last}\n";
  EXPECT_EQ(start(routes), "german" + std::string(kWhole));
  EXPECT_EQ(start(routes, R"({"total": 900})").substr(0, 6), "large ");
  EXPECT_EQ(start("    routing: [{condition: data.total > 500, target_workflow: large}]\n"), kWhole);
  EXPECT_EQ(start("    routing: [{condition: data.total, target_workflow: large}]\n"),
            "INVALID_INPUT: 'routing[0].condition' must give true or false, not 120");
}

TEST(EventStart, ATemplateShapesTheInput) {
  EXPECT_EQ(start("    input: {sum: '{{ data.total }}', from: '{{ source }} in {{ env.R8R_REGION }}'}\n"),
            R"( {"sum":120,"from":"shop in eu"})");
  EXPECT_EQ(start("    input: '{{ data }}'\n"), R"( {"total":120,"country":"de"})");
}

TEST(EventStart, AllExpressionsOfATriggerShareItsSteps) {
  const std::string loop = "let n = 0; while n < 9000 { n += 1; } true";
  EXPECT_EQ(start("    filter: '" + loop + "'\n"), kWhole);
  const std::string text =
      start("    filter: '" + loop + "'\n    routing: [{condition: '" + loop + "', target_workflow: x}, {condition: '" +
            loop + "', target_workflow: y}]\n" + "    input: '{{ " + loop + " }}'\n");
  EXPECT_NE(text.find("expression limit exceeded"), std::string::npos) << text;
}

}  // namespace
}  // namespace r8r::workflow
