#include <gtest/gtest.h>

#include "tests/simulation/play/play.hpp"

namespace r8r {
namespace {

constexpr std::string_view kDiamond = R"(
nodes:
  - {id: check, type: if, config: {condition: input.vip, true_branch: gold, false_branch: [plain, cheap]}}
  - {id: gold, type: transform, depends_on: check, config: {expression: '"gold"'}}
  - {id: plain, type: transform, depends_on: check, config: {expression: '"plain"'}}
  - {id: cheap, type: transform, depends_on: plain, config: {expression: '"cheap"'}}
  - {id: always, type: transform, depends_on: check, config: {expression: input.selected_branch}}
  - {id: end, type: transform, depends_on: [gold, cheap, always], config: {expression: input}}
)";

TEST(Routing, NodesOfBranchesNotTakenAreSkippedAndLeftOutOfTheInput) {
  for (const bool apart : {false, true}) {
    Play play(kDiamond, R"({"vip": true})", {.apart = apart});
    play.run();
    EXPECT_EQ(play.states(),
              "check completed, gold completed, plain skipped, cheap skipped, always completed, end completed");
    EXPECT_EQ(play.output(), R"({"gold":"gold","always":"gold"})");
    EXPECT_EQ(play.tasks() == 1, !apart);
  }
}

TEST(Routing, TheOtherBranchGoesTheOtherWay) {
  for (const bool apart : {false, true}) {
    Play play(kDiamond, R"({"vip": false})", {.apart = apart});
    play.run();
    EXPECT_EQ(play.states(),
              "check completed, gold skipped, plain completed, cheap completed, always completed, end completed");
    EXPECT_EQ(play.output(), R"({"cheap":"cheap","always":["plain","cheap"]})");
  }
}

TEST(Routing, ANodeAllOfWhoseDependenciesWereSkippedIsSkippedToo) {
  for (const bool apart : {false, true}) {
    Play play(R"(
nodes:
  - {id: s, type: switch, config: {expression: input.k, cases: {a: one, b: two}}}
  - {id: one, type: transform, depends_on: s, config: {expression: '1'}}
  - {id: two, type: transform, depends_on: s, config: {expression: '2'}}
  - {id: after_both, type: transform, depends_on: [one, two], config: {expression: '3'}}
  - {id: after_that, type: transform, depends_on: after_both, config: {expression: '4'}}
)",
              R"({"k": "c"})", {.apart = apart});
    play.run();
    EXPECT_EQ(play.states(), "s completed, one skipped, two skipped, after_both skipped, after_that skipped");
    EXPECT_EQ(play.output(), R"({"matched":false,"value":"c","output":null,"branch":"default"})");
  }
}

TEST(Routing, EffectsOfABranchNotTakenNeverRun) {
  Play play(R"(
nodes:
  - {id: get, type: http, config: {url: 'https://x/get'}}
  - {id: s, type: if, depends_on: get, config: {condition: 'false', true_branch: yes_1, false_branch: no_1}}
  - {id: yes_1, type: http, depends_on: s, config: {url: 'https://x/yes'}}
  - {id: no_1, type: http, depends_on: s, config: {url: 'https://x/no'}}
  - {id: end, type: transform, depends_on: [yes_1, no_1], config: {expression: 'input.keys()'}}
)",
            "{}");
  play.run();
  EXPECT_EQ(play.effects_run(), (std::vector<std::string>{"get https://x/get", "no_1 https://x/no"}));
  EXPECT_EQ(play.output(), R"(["no_1"])");
}

TEST(Routing, ANodeThatWasAskedForByTwoBranchesRunsWhenOneOfThemIsTaken) {
  Play play(R"(
nodes:
  - {id: s, type: switch, config: {expression: input, cases: {a: [x, both], b: [y, both]}, default: both}}
  - {id: x, type: transform, depends_on: s, config: {expression: '1'}}
  - {id: y, type: transform, depends_on: s, config: {expression: '2'}}
  - {id: both, type: transform, depends_on: s, config: {expression: '3'}}
)",
            R"("b")");
  play.run();
  EXPECT_EQ(play.states(), "s completed, x skipped, y completed, both completed");
}

TEST(Routing, ANodeFurtherDownIsSkippedWhenItsDependenciesAreDone) {
  for (const bool apart : {false, true}) {
    Play play(R"(
nodes:
  - {id: s, type: if, config: {condition: 'true', false_branch: late}}
  - {id: call, type: http, depends_on: s, config: {url: 'https://x/'}}
  - {id: mid, type: transform, depends_on: call, config: {expression: '1'}}
  - {id: late, type: transform, depends_on: mid, config: {expression: '2'}}
  - {id: end, type: transform, depends_on: [mid, late], config: {expression: input}}
)",
              "{}", {.apart = apart});
    play.run();
    EXPECT_EQ(play.states(), "s completed, call completed, mid completed, late skipped, end completed");
    EXPECT_EQ(play.output(), R"({"mid":1})");
  }
}

TEST(Routing, WithoutADecisionEverythingRuns) {
  Play play(R"(
nodes:
  - {id: s, type: if, condition: 'false', config: {condition: 'true', true_branch: a, false_branch: b}}
  - {id: a, type: transform, depends_on: s, config: {expression: '1'}}
  - {id: b, type: transform, depends_on: s, config: {expression: '2'}}
)",
            "{}");
  play.run();
  EXPECT_EQ(play.states(), "s skipped, a completed, b completed");
}

TEST(Routing, ASkippedNodeHasOneEventAndEqualTimes) {
  Play play(kDiamond, R"({"vip": true})");
  play.run();
  int said = 0;
  for (const engine::Event& event : play.events()) {
    if (event.node != 2) continue;
    ++said;
    EXPECT_EQ(event.kind, engine::EventKind::node_completed);
    EXPECT_EQ(event.status, "skipped");
  }
  EXPECT_EQ(said, 1);
  for (const journal::JournalEntry& entry : play.journal()) {
    if (entry.kind == journal::EntryKind::skipped) {
      EXPECT_EQ(entry.started_at, entry.finished_at);
    }
  }
}

}  // namespace
}  // namespace r8r
