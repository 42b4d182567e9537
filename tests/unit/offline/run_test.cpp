#include "cli/offline/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace r8r::offline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<const workflow::Workflow> load(std::string_view yaml) {
  workflow::LoadResult loaded = workflow::load(fmt::format("name: t\n{}", yaml));
  EXPECT_TRUE(loaded.problems.empty()) << workflow::problems_json(loaded.problems);
  return loaded.workflow;
}

Report run_yaml(std::string_view yaml, std::string_view input = "{}", const Options& options = {}) {
  const Result<Report> report = run(load(yaml), input, options);
  EXPECT_TRUE(report) << report.error().message;
  return report ? *report : Report{};
}

constexpr std::string_view kFetch =
    "nodes:\n"
    "  - {id: fetch, type: http, config: {url: 'https://example.com/{{ input.id }}'}, retry: {max_attempts: 3}}\n"
    "  - {id: after, type: transform, config: {expression: 'input.body'}, depends_on: [fetch]}\n";

TEST(OfflineRun, GivesTheOutcomeOfTheExecutionAndOfEachNode) {
  const Report report = run_yaml(
      "nodes:\n"
      "  - {id: a, type: transform, config: {expression: 'print(\"hi\"); input.n + 1'}}\n"
      "  - {id: b, type: transform, config: {expression: 'input * 2'}, depends_on: [a]}\n"
      "  - {id: c, type: transform, config: {expression: '0'}, depends_on: [a], condition: 'false'}\n",
      R"({"n": 4})");
  EXPECT_EQ(report.status, "completed");
  EXPECT_EQ(report.output, "10");
  EXPECT_EQ(report.node("a")->logs, "hi\n");
  EXPECT_EQ(report.node("a")->output, "5");
  EXPECT_EQ(report.node("a")->attempts, 1);
  EXPECT_EQ(report.node("c")->status, "skipped");
  EXPECT_EQ(report.node("c")->attempts, 0);
  EXPECT_EQ(report.node("d"), nullptr);
}

TEST(OfflineRun, AFailureNamesItsNodeAndLeavesTheRestPending) {
  const Report report = run_yaml(
      "nodes:\n"
      "  - {id: a, type: transform, config: {expression: 'throw \"no\"'}}\n"
      "  - {id: b, type: transform, config: {expression: '1'}, depends_on: [a]}\n");
  EXPECT_EQ(report.status, "failed");
  EXPECT_EQ(report.error_node, "a");
  EXPECT_THAT(report.error, HasSubstr("no"));
  EXPECT_EQ(report.node("a")->error, report.error);
  EXPECT_EQ(report.node("b")->status, "pending");
}

TEST(OfflineRun, AWaitMovesTheClockAndTakesNoTime) {
  const Options options{.now = from_unix_us(1'000'000)};
  const Report report = run_yaml(
      "nodes:\n  - {id: a, type: wait, config: {minutes: 30}}\n"
      "  - {id: b, type: transform, config: {expression: 'now()'}, depends_on: [a]}\n",
      "{}", options);
  EXPECT_EQ(report.output, R"("1970-01-01T00:30:01.000Z")");
  EXPECT_EQ(report.finished_at, from_unix_us(1'801'000'000));
}

TEST(OfflineRun, TheDeadlineOfTheWorkflowComesBeforeALaterTimer) {
  const Report report =
      run_yaml("settings: {timeout_seconds: 60}\nnodes:\n  - {id: a, type: wait, config: {hours: 1}}\n");
  EXPECT_EQ(report.status, "failed");
  EXPECT_EQ(report.error, "Workflow timed out after 60 seconds");
  EXPECT_EQ(report.node("a")->status, "cancelled");
}

TEST(OfflineRun, AnEffectNodeWithoutAnOutputFailsOnceAndSaysWhatToDo) {
  const Report report = run_yaml(kFetch);
  EXPECT_EQ(report.status, "failed");
  EXPECT_EQ(report.error_node, "fetch");
  EXPECT_THAT(report.error, HasSubstr("node 'fetch' (http) reaches outside"));
  EXPECT_EQ(report.node("fetch")->attempts, 1);
  EXPECT_THAT(report.unmocked, ElementsAre("fetch"));
}

TEST(OfflineRun, APinnedOutputStandsForTheNode) {
  const Report report = run_yaml(kFetch, "{}", {.pinned = {{"fetch", R"({"body": [1]})"}}});
  EXPECT_EQ(report.output, "[1]");
  EXPECT_TRUE(report.unmocked.empty());
}

TEST(OfflineRun, EffectsSeeTheEvaluatedConfigAndAreTriedAgain) {
  std::vector<std::string> urls;
  Options options;
  options.effects = [&](const workflow::Node&, int attempt, const expr::Value& config) -> EffectAnswer {
    urls.emplace_back(config.as_map().find("url")->as_string());
    if (attempt < 3) return {fail(ErrorCode::service_unavailable, "busy")};
    expr::Map answer;
    answer.set("body", expr::Value::integer(attempt));
    return {expr::Value::map(std::move(answer))};
  };
  const Report report = run_yaml(kFetch, R"({"id": 7})", options);
  EXPECT_EQ(report.output, "3");
  EXPECT_THAT(urls, ElementsAre("https://example.com/7", "https://example.com/7", "https://example.com/7"));
  EXPECT_EQ(report.node("fetch")->attempts, 3);
  EXPECT_EQ(report.node("fetch")->error, "");
  EXPECT_EQ(report.finished_at, options.now + std::chrono::seconds(2));
}

TEST(OfflineRun, TheSameSeedGivesTheSameChance) {
  constexpr std::string_view kYaml =
      "nodes:\n  - {id: a, type: transform, config: {expression: '[uuid(), execution.id]'}}\n";
  const Report one = run_yaml(kYaml, "{}", {.seed = 1});
  EXPECT_EQ(one.output, run_yaml(kYaml, "{}", {.seed = 1}).output);
  EXPECT_NE(one.output, run_yaml(kYaml, "{}", {.seed = 2}).output);
}

TEST(OfflineRun, AnInputThatTheWorkflowRefusesRunsNothing) {
  const auto workflow = load("inputs: {n: {type: integer, required: true}}\nnodes:\n  - {id: a, type: debug}\n");
  const Result<Report> report = run(workflow, "{}", {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::invalid_input);
}

TEST(OfflineRun, AnOutputForANodeThatIsNotThereIsAnError) {
  const Result<Report> report = run(load("nodes:\n  - {id: a, type: debug}\n"), "{}", {.pinned = {{"b", "1"}}});
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("no node 'b'"));
}

}  // namespace
}  // namespace r8r::offline
