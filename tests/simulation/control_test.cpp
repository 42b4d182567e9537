// Fallback nodes, timeouts, pauses, cancellation, and later runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/play/play.hpp"

namespace r8r {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Result<std::string> broken(const std::string& why = "broken") {
  return fail(ErrorCode::node_execution_failed, why);
}

constexpr std::string_view kBackup = R"(
nodes:
  - {id: main, type: http, config: {url: 'https://main/'}, on_error: {action: fallback, fallback_node: backup}}
  - {id: backup, type: http, config: {url: 'https://backup/{{ input.node_id }}'}}
  - {id: end, type: transform, depends_on: main, config: {expression: input}}
)";

TEST(FallbackNode, DoesNotRunWhenItIsNotNeeded) {
  Play play(kBackup, "{}");
  play.run();
  EXPECT_EQ(play.states(), "main completed, end completed");
  EXPECT_EQ(play.output(), R"({"url":"https://main/"})");
}

TEST(FallbackNode, ItsOutputTakesThePlaceOfTheNodes) {
  Play play(kBackup, "{}");
  play.effects([](const Play::Effect& effect) { return effect.node == "main" ? broken() : Result<std::string>("42"); });
  play.run();
  EXPECT_EQ(play.states(), "main recovered, end completed");
  EXPECT_EQ(play.output(), "42");
  EXPECT_THAT(play.effects_run(), ElementsAre("main https://main/", "backup https://backup/main"));
  const auto& last = play.journal()[play.journal().size() - 2];
  EXPECT_EQ(last.node_id, "main");
  EXPECT_EQ(last.error, "broken");
  EXPECT_TRUE(last.recovered);
  EXPECT_EQ(last.output, "42");
}

TEST(FallbackNode, WhenItFailsTooTheValueIsUsedOrTheExecutionFails) {
  Play play(kBackup, "{}");
  play.effects([](const Play::Effect& effect) { return broken("no " + effect.node); });
  play.run();
  EXPECT_EQ(play.status(), "failed");
  EXPECT_EQ(play.error(), "no main; its fallback node 'backup' failed as well: no backup");

  Play other(R"(
nodes:
  - {id: main, type: transform, config: {expression: 'throw "x"'}, on_error: {fallback_node: backup, fallback_value: plan_c}}
  - {id: backup, type: transform, config: {expression: 'throw "y"'}}
  - {id: end, type: transform, depends_on: main, config: {expression: input}}
)",
             "{}");
  other.run();
  EXPECT_EQ(other.output(), R"("plan_c")");
}

TEST(FallbackNode, OneMayServeSeveralAndRunsForOneAtATime) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Play play(R"(
nodes:
  - {id: a, type: http, config: {url: 'https://a/'}, on_error: {fallback_node: help}}
  - {id: b, type: transform, config: {expression: 'throw "b"'}, on_error: {fallback_node: help}}
  - {id: help, type: http, retry: {max_attempts: 2, delay_seconds: 5}, config: {url: 'https://help/{{ input.node_id }}'}}
  - {id: end, type: transform, depends_on: [a, b], config: {expression: input}}
)",
              "{}", {.seed = seed, .crashes = 10, .duplicates = 20});
    play.effects([](const Play::Effect& effect) -> Result<std::string> {
      if (effect.node == "a") return broken();
      if (effect.url == "https://help/b" && effect.attempt == 1) return broken("not yet");
      return "\"" + effect.url + "\"";
    });
    play.run();
    ASSERT_EQ(play.output(), R"({"a":"https://help/a","b":"https://help/b"})") << "seed " << seed;
  }
}

TEST(FallbackNode, RetriesComeFirst) {
  Play play(R"(
nodes:
  - {id: main, type: http, retry: {max_attempts: 2}, config: {url: 'https://main/'}, on_error: {fallback_node: backup}}
  - {id: backup, type: transform, config: {expression: input.error}}
)",
            "{}");
  play.effects([](const Play::Effect& effect) { return broken(fmt::format("try {}", effect.attempt)); });
  play.run();
  EXPECT_EQ(play.output(), R"("try 2")");
}

TEST(Timeouts, ASilentWorkerDoesNotHoldTheNode) {
  Play play(R"(
nodes:
  - {id: call, type: http, timeout_seconds: 30, retry: {max_attempts: 2, delay_seconds: 1}, on_error: {action: continue}, config: {url: 'https://x/'}}
)",
            "{}");
  const engine::Dispatch first = play.machine().in_flight().front();
  EXPECT_EQ(play.machine().times_out_at(first), play.now + seconds(30) + engine::kTimeoutGrace);
  play.now += seconds(30);
  play.carry_out(play.machine().on_timer({0}, play.now));
  EXPECT_EQ(play.machine().state(0), engine::NodeState::running);
  play.now += engine::kTimeoutGrace;
  engine::Decision late = play.machine().on_timer({0}, play.now);
  EXPECT_THAT(late.stopped, ElementsAre(first.id)) << "its worker may stop";
  EXPECT_THAT(late.entries, SizeIs(1));
  EXPECT_EQ(late.entries[0].error, "the node did not finish within its timeout of 30 seconds");
  EXPECT_EQ(late.entries[0].error_code, "TIMEOUT");
  play.carry_out(std::move(late));
  EXPECT_EQ(play.machine().state(0), engine::NodeState::retrying) << "a timeout may pass";
  play.run();
  EXPECT_EQ(play.status(), "completed");
  EXPECT_THAT(play.effects_run(), ElementsAre("call https://x//2"));
}

TEST(Timeouts, APureNodeWithOneIsASegmentOfItsOwn) {
  Play play(R"(
nodes:
  - {id: a, type: transform, config: {expression: '1'}}
  - {id: b, type: transform, depends_on: a, timeout_seconds: 2, on_error: {fallback_value: late}, config: {expression: '2'}}
  - {id: c, type: transform, depends_on: b, config: {expression: input}}
)",
            "{}");
  play.step();
  ASSERT_EQ(play.machine().state(1), engine::NodeState::in_segment);
  play.now += seconds(7);
  play.carry_out(play.machine().on_timer({1}, play.now));
  EXPECT_EQ(play.machine().state(1), engine::NodeState::recovered);
  EXPECT_EQ(play.output_of("b"), R"("late")");
}

TEST(Timeouts, ALostWorkerFailsANodeThatMayRunOnlyOnce) {
  Play play(R"(
nodes: [{id: call, type: http, retry: {max_attempts: 5, on_worker_lost: fail}, config: {url: 'https://x/'}}]
)",
            "{}");
  play.carry_out(play.machine().replace_lost(play.machine().in_flight().front().id, play.now));
  EXPECT_EQ(play.status(), "failed");
  EXPECT_EQ(play.error(), "worker lost");
}

constexpr std::string_view kTwoCalls = R"(
settings: {timeout_seconds: 100}
nodes:
  - {id: one, type: http, config: {url: 'https://1/'}}
  - {id: two, type: http, depends_on: one, config: {url: 'https://2/'}}
)";

TEST(Pause, WhatRunsFinishesAndNothingNewStarts) {
  Play play(kTwoCalls, "{}");
  play.carry_out(*play.machine().pause("maintenance", play.now));
  EXPECT_EQ(play.machine().status(), "paused");
  EXPECT_FALSE(play.machine().pause("", play.now)) << "twice";
  while (play.step()) {
  }
  EXPECT_EQ(play.states(), "one completed");
  EXPECT_EQ(play.status(), "running");
  play.carry_out(*play.machine().unpause(play.now));
  play.run();
  EXPECT_EQ(play.status(), "completed");
  EXPECT_FALSE(play.machine().unpause(play.now));
  std::vector<engine::EventKind> kinds;
  for (const engine::Event& event : play.events()) kinds.push_back(event.kind);
  EXPECT_THAT(kinds,
              testing::IsSupersetOf({engine::EventKind::execution_paused, engine::EventKind::execution_resumed}));
}

TEST(Pause, TheTimeSpentInItDoesNotCount) {
  Play play(kTwoCalls, "{}");
  const Timestamp began = play.now;
  play.carry_out(*play.machine().pause("", play.now));
  play.now += seconds(1'000);
  EXPECT_FALSE(play.machine().on_deadline(play.now).end);
  play.carry_out(*play.machine().unpause(play.now));
  EXPECT_EQ(play.machine().deadline(), began + seconds(1'100));
  EXPECT_FALSE(play.machine().on_deadline(play.now).end);
  play.now += seconds(100);
  const engine::Decision last = play.machine().on_deadline(play.now);
  ASSERT_TRUE(last.end);
  EXPECT_EQ(last.end->error, "Workflow timed out after 100 seconds");
}

TEST(Pause, ExhaustedRetriesMayWaitForAPerson) {
  Play play(R"(
nodes:
  - {id: call, type: http, retry: {max_attempts: 2, on_exhausted: pause}, config: {url: 'https://x/'}}
  - {id: end, type: transform, depends_on: call, config: {expression: input}}
)",
            "{}");
  play.effects([](const Play::Effect& effect) -> Result<std::string> {
    if (effect.attempt < 4) return broken();
    return std::to_string(effect.attempt);
  });
  play.run();
  EXPECT_EQ(play.states(), "call exhausted");
  EXPECT_TRUE(play.machine().paused());
  EXPECT_EQ(play.journal().back().error, "node 'call' failed and its retries are used up: broken");
  play.carry_out(*play.machine().unpause(play.now));
  play.run();
  EXPECT_EQ(play.output(), "4") << "two more attempts, the second succeeded";
}

TEST(Pause, ExhaustedItemsAreTriedAgainWithTheOthersKept) {
  Play play(R"(
nodes: [{id: call, type: http, for_each: true, retry: {max_attempts: 1, on_exhausted: pause}, config: {url: 'https://x/{{ item }}'}}]
)",
            "[1,2,3]");
  play.effects([](const Play::Effect& effect) -> Result<std::string> {
    if (effect.item == 1 && effect.attempt == 1) return broken();
    return std::to_string(effect.attempt);
  });
  play.run();
  EXPECT_TRUE(play.machine().paused());
  play.carry_out(*play.machine().unpause(play.now));
  play.run();
  EXPECT_EQ(play.output(), "[1,2,1]");
}

TEST(Cancel, EndsTheExecutionWhereItIs) {
  Play play(kTwoCalls, "{}");
  engine::Decision decision = *play.machine().cancel("by hand", play.now);
  ASSERT_TRUE(decision.end);
  EXPECT_EQ(decision.end->status, "cancelled");
  EXPECT_EQ(decision.end->error, "by hand");
  ASSERT_THAT(decision.entries, SizeIs(1));
  EXPECT_EQ(decision.entries[0].kind, journal::EntryKind::cancelled);
  EXPECT_EQ(decision.events.back().kind, engine::EventKind::execution_cancelled);
  play.carry_out(std::move(decision));
  EXPECT_FALSE(play.machine().cancel("", play.now));
  EXPECT_FALSE(play.machine().pause("", play.now));
}

TEST(LaterRun, KeepsWhatCompletedAndRunsTheRest) {
  Play play(R"(
nodes:
  - {id: one, type: http, config: {url: 'https://1/'}}
  - {id: s, type: if, depends_on: one, config: {condition: 'true', true_branch: two, false_branch: no}}
  - {id: no, type: transform, depends_on: s, config: {expression: '1'}}
  - {id: two, type: http, depends_on: s, config: {url: 'https://2/'}}
  - {id: soft, type: http, on_error: {action: continue}, config: {url: 'https://3/'}}
)",
            "{}");
  bool works = false;
  play.effects([&](const Play::Effect& effect) -> Result<std::string> {
    if (!works && effect.node != "one") return broken();
    return std::string("1");
  });
  play.run();
  EXPECT_EQ(play.status(), "failed");
  works = true;
  const auto before = play.effects_run();
  play.begin_again();
  play.run();
  EXPECT_EQ(play.status(), "completed");
  std::vector<std::string> ran(play.effects_run().begin() + static_cast<std::ptrdiff_t>(before.size()),
                               play.effects_run().end());
  EXPECT_THAT(ran, testing::UnorderedElementsAre("two https://2/", "soft https://3/"))
      << "a recovered node did not complete";
  EXPECT_EQ(play.states(), "one completed, s completed, no skipped, two completed, soft completed");
}

// What was skipped is worked out again; who refers to it waits for that, though its own dependency has been kept.
TEST(LaterRun, ANodeWaitsForAllThatItRefersTo) {
  Play play(R"(
nodes:
  - {id: maybe, type: http, condition: 'false', config: {url: 'https://maybe/'}}
  - {id: call, type: http, depends_on: maybe, config: {url: 'https://call/'}}
  - {id: end, type: http, depends_on: call, config: {url: 'https://end/{{ nodes.maybe.output ?? 0 }}'}}
)",
            "{}");
  bool works = false;
  play.effects(
      [&](const Play::Effect& effect) { return effect.node == "end" && !works ? broken() : Result<std::string>("1"); });
  play.run();
  ASSERT_EQ(play.status(), "failed");
  works = true;
  play.begin_again();
  play.run();
  EXPECT_EQ(play.status(), "completed") << play.error();
  EXPECT_THAT(play.effects_run(), ElementsAre("call https://call/", "end https://end/0", "end https://end/0"));
}

TEST(LaterRun, OfACancelledOneRunsWhatWasOut) {
  Play play(kTwoCalls, "{}");
  play.step();
  play.carry_out(*play.machine().cancel("", play.now));
  play.begin_again();
  play.run();
  EXPECT_EQ(play.status(), "completed");
  EXPECT_THAT(play.effects_run(), ElementsAre("one https://1/", "two https://2/"));
}

}  // namespace
}  // namespace r8r
