// Nodes that start other executions and wait for their ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/play/play.hpp"

namespace r8r {
namespace {

using engine::ChildEnd;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr std::string_view kOne = R"(
nodes:
  - {id: a, type: transform, config: {expression: '{n: input.n + 1}'}}
  - {id: kid, type: subworkflow, depends_on: a, config: {workflow: other}}
  - {id: end, type: transform, depends_on: kid, config: {expression: input.n * 10}}
)";

TEST(Subworkflow, ItsEndIsTheNodesOutput) {
  Play play(kOne, R"({"n":1})");
  play.run();
  EXPECT_EQ(play.output(), "20");
  EXPECT_THAT(play.children_begun(), ElementsAre(R"(other {"n":2})"));
  EXPECT_EQ(play.abandoned(), 0);
}

TEST(Subworkflow, ItsConfigIsEvaluated) {
  Play play(R"(
nodes:
  - {id: kid, type: subworkflow, config: {workflow: 'to-{{ input.who }}', input: {name: '{{ input.who }}', at: 3}}}
)",
            R"({"who":"ann"})");
  play.run();
  EXPECT_THAT(play.children_begun(), ElementsAre(R"(to-ann {"name":"ann","at":3})"));
}

TEST(Subworkflow, ItsFailureIsTheNodesAndIsTriedAgainWithANewChild) {
  Play play(R"(
nodes: [{id: kid, type: subworkflow, retry: {max_attempts: 3, delay_seconds: 1}, config: {workflow: other}}]
)",
            "7");
  play.children([](const Play::Child& child) -> ChildEnd {
    if (child.number < 3) return {.status = "failed", .error = fmt::format("no {}", child.number)};
    return {.status = "completed", .output = "8"};
  });
  play.run();
  EXPECT_EQ(play.output(), "8");
  EXPECT_THAT(play.children_begun(), ElementsAre("other 7", "other 7", "other 7"));

  Play other(R"(nodes: [{id: kid, type: subworkflow, config: {workflow: other}}])", "7");
  other.children([](const Play::Child&) -> ChildEnd { return {.status = "failed", .error = "it broke"}; });
  other.run();
  EXPECT_EQ(other.status(), "failed");
  EXPECT_EQ(other.error(), "it broke");

  Play third(R"(nodes: [{id: kid, type: subworkflow, config: {workflow: other}}])", "7");
  third.children([](const Play::Child&) -> ChildEnd { return {.status = "cancelled"}; });
  third.run();
  EXPECT_EQ(third.error(), "the sub-workflow was cancelled");
}

TEST(Subworkflow, OnErrorSeesTheFailure) {
  Play play(R"(
nodes:
  - {id: kid, type: subworkflow, on_error: {fallback_value: 'instead of {{ error.message }}'}, config: {workflow: other}}
  - {id: end, type: transform, depends_on: kid, config: {expression: input}}
)",
            "7");
  const auto broken = [](const Play::Child&) -> ChildEnd { return {.status = "failed", .error = "luck"}; };
  play.children(broken);
  play.run();
  EXPECT_EQ(play.output(), R"("instead of luck")");

  Play other(R"(
nodes:
  - {id: kid, type: subworkflow, on_error: {fallback_node: plan_b}, config: {workflow: other}}
  - {id: plan_b, type: subworkflow, config: {workflow: 'plan-b', input: '{{ input.error }} of {{ input.input }}'}}
  - {id: end, type: transform, depends_on: kid, config: {expression: input}}
)",
             "7");
  other.children([&](const Play::Child& child) -> ChildEnd {
    if (child.workflow == "other") return broken(child);
    return {.status = "completed", .output = child.input};
  });
  other.run();
  EXPECT_EQ(other.output(), R"("luck of 7")");

  Play third(R"(
nodes: [{id: kid, type: subworkflow, on_error: {action: continue}, config: {workflow: other}}]
)",
             "7");
  third.children(broken);
  third.run();
  EXPECT_EQ(third.status(), "completed");
  EXPECT_EQ(third.output(), "null");
}

TEST(Subworkflow, ItIsWaitedForNoLongerThanItsTimeout) {
  Play play(R"(
nodes:
  - {id: kid, type: subworkflow, on_error: {action: continue}, config: {workflow: slow, timeout_seconds: 90}}
  - {id: end, type: transform, depends_on: kid, config: {expression: '1'}}
)",
            "{}");
  play.children([](const Play::Child&) -> ChildEnd { return {}; });
  const Timestamp began = play.now;
  play.run();
  EXPECT_EQ(play.output(), "1");
  EXPECT_EQ(play.abandoned(), 1) << "the child is stopped";
  EXPECT_GE(play.now - began, seconds(90));
  bool said = false;
  for (const auto& entry : play.journal()) {
    said = said || (entry.error == "the sub-workflow did not end within its timeout of 90 seconds" &&
                    entry.error_code == "TIMEOUT");
  }
  EXPECT_TRUE(said);
}

TEST(Subworkflow, WithoutWaitingTheNodeGivesTheId) {
  Play play(R"(
nodes: [{id: kid, type: subworkflow, config: {workflow: other, wait: false}}]
)",
            "7");
  play.run();
  EXPECT_THAT(play.children_begun(), ElementsAre("other 7 (not awaited)"));
  EXPECT_THAT(play.output(), testing::StartsWith(R"({"execution_id":")"));
}

TEST(Subworkflow, RunsForEachItemWithinTheLimit) {
  Play play(R"(
settings: {max_concurrency: 2}
nodes: [{id: kid, type: subworkflow, for_each: true, config: {workflow: other, input: {x: '{{ item }}', i: '{{ index }}'}}}]
)",
            "[5,6,7,8]");
  play.children([](const Play::Child& child) -> ChildEnd { return {.status = "completed", .output = child.input}; });
  play.run();
  EXPECT_EQ(play.output(), R"([{"x":5,"i":0},{"x":6,"i":1},{"x":7,"i":2},{"x":8,"i":3}])");
}

TEST(Subworkflow, AnEndOfTheExecutionAbandonsItsChildren) {
  Play play(kOne, R"({"n":1})");
  play.children([](const Play::Child&) -> ChildEnd { return {}; });
  while (play.machine().awaited_children().empty()) ASSERT_TRUE(play.step());
  engine::Decision decision = *play.machine().cancel("enough", play.now);
  EXPECT_EQ(decision.abandoned, decision.let_go);
  EXPECT_THAT(decision.abandoned, testing::SizeIs(1));
  play.carry_out(std::move(decision));
  EXPECT_EQ(play.abandoned(), 1);
  EXPECT_EQ(play.status(), "cancelled");
}

TEST(Subworkflow, SurvivesWhateverHappensToItsOwner) {
  for (std::uint64_t seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Play play(R"(
settings: {max_concurrency: 3}
nodes:
  - {id: list, type: transform, config: {expression: '[1, 2, 3, 4, 5]'}}
  - {id: each, type: subworkflow, for_each: true, depends_on: list, retry: {max_attempts: 4, delay_seconds: 5},
     config: {workflow: item, input: '{{ item }}'}}
  - {id: soft, type: subworkflow, on_error: {fallback_value: '{{ error.message }}!'}, config: {workflow: soft, timeout_seconds: 3600}}
  - {id: call, type: http, depends_on: soft, config: {url: 'https://x/'}}
  - {id: end, type: transform, depends_on: [each, call, soft], config: {expression: '{each: nodes.each, soft: nodes.soft}'}}
)",
              "{}", {.seed = seed, .crashes = 15, .duplicates = 20});
    play.children([&](const Play::Child& child) -> ChildEnd {
      if (child.workflow == "soft") return {.status = "failed", .error = "soft"};
      if (child.number % 4 == 0) return {.status = "failed", .error = "unlucky"};
      return {.status = "completed", .output = child.input};
    });
    play.run();
    if (play.status() == "failed") {
      EXPECT_EQ(play.error(), "unlucky");  // four times for one item
      continue;
    }
    EXPECT_EQ(play.output(), R"({"each":[1,2,3,4,5],"soft":"soft!"})");
  }
}

}  // namespace
}  // namespace r8r
