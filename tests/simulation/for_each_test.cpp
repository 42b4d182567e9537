// for_each over effects: items as tasks of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/play/play.hpp"

namespace r8r {
namespace {

using journal::EntryKind;
using testing::ElementsAre;
using testing::SizeIs;

std::string calls(std::string_view lines, std::string_view settings = "") {
  return fmt::format(
      "{}nodes:\n  - {{id: call, type: http, for_each: true, config: {{url: 'https://x/{{{{ item }}}}'}}{}}}\n"
      "  - {{id: end, type: transform, depends_on: call, config: {{expression: 'input.len()'}}}}\n",
      settings, lines);
}

TEST(ForEach, ItemsOfAnEffectRunAsTasksAndMeetInTheirOrder) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Play play(calls(""), "[10, 20, 30]", {.seed = seed});
    play.run();
    EXPECT_EQ(play.output(), "3");
    EXPECT_EQ(play.output_of("call"), R"([{"url":"https://x/10"},{"url":"https://x/20"},{"url":"https://x/30"}])");
  }
}

TEST(ForEach, NoItemsIsAnEmptyArray) {
  Play play(calls(""), "[]");
  play.run();
  EXPECT_EQ(play.output_of("call"), "[]");
  EXPECT_THAT(play.effects_run(), SizeIs(0));
}

TEST(ForEach, NoMoreRunAtOnceThanMaxConcurrency) {
  Play play(calls("", "settings: {max_concurrency: 2}\n"), "[1,2,3,4,5,6,7]");
  while (play.step()) EXPECT_LE(play.machine().in_flight().size(), 2u);
  EXPECT_EQ(play.status(), "completed");
  EXPECT_THAT(play.effects_run(), SizeIs(7));
}

TEST(ForEach, ABatchBeginsWhenTheOneBeforeIsDone) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Play play(calls("", "settings: {chunk_size: 3}\n"), "[0,1,2,3,4,5,6]", {.seed = seed});
    play.run();
    int done = 0;
    for (const journal::JournalEntry& entry : play.journal()) {
      if (entry.item_index < 0) continue;
      if (entry.kind == EntryKind::started) {
        EXPECT_GE(done, entry.item_index / 3 * 3) << entry.item_index;
      }
      if (entry.kind == EntryKind::completed) ++done;
    }
    EXPECT_EQ(done, 7);
  }
}

TEST(ForEach, EachItemHasItsOwnAttempts) {
  Play play(calls(", retry: {max_attempts: 3, delay_seconds: 60}"), "[1, 2]");
  play.effects([](const Play::Effect& effect) -> Result<std::string> {
    if (effect.item == 1 && effect.attempt < 3) return fail(ErrorCode::node_execution_failed, "busy");
    return std::to_string(effect.attempt);
  });
  play.run();
  EXPECT_EQ(play.output_of("call"), "[1,3]");
  std::vector<std::string> story;
  for (const journal::JournalEntry& entry : play.journal()) {
    if (entry.item_index == 1) story.push_back(fmt::format("{}/{}", static_cast<int>(entry.kind), entry.attempt));
    if (entry.item_index >= 0) {
      EXPECT_EQ(entry.item_count, 2);
    }
  }
  EXPECT_THAT(story, ElementsAre("0/1", "3/1", "0/2", "3/2", "0/3", "1/3"));
}

TEST(ForEach, ARecoveredItemHasTheRecoveryInItsSlot) {
  Play play(calls(", on_error: {fallback_value: {bad: '{{ item }}', at: '{{ index }}'}}"), "[1, 2, 3]");
  play.effects([](const Play::Effect& effect) -> Result<std::string> {
    if (effect.item == 1) return fail(ErrorCode::node_execution_failed, "no");
    return std::string("true");
  });
  play.run();
  EXPECT_EQ(play.output_of("call"), R"([true,{"bad":2,"at":1},true])");
  EXPECT_EQ(play.status(), "completed");
}

TEST(ForEach, AnItemWithoutRecoveryFailsTheNodeAndDropsTheRest) {
  Play play(calls("", "settings: {max_concurrency: 2}\n"), "[1,2,3,4,5,6]");
  play.effects(
      [](const Play::Effect&) -> Result<std::string> { return fail(ErrorCode::node_execution_failed, "broken"); });
  play.run();
  EXPECT_EQ(play.status(), "failed");
  EXPECT_EQ(play.error(), "broken");
  EXPECT_THAT(play.effects_run(), SizeIs(1));
  int cancelled = 0;
  for (const journal::JournalEntry& entry : play.journal()) cancelled += entry.kind == EntryKind::cancelled ? 1 : 0;
  EXPECT_EQ(cancelled, 1) << "the other item that ran";
  EXPECT_EQ(play.journal().back().node_id, "call");
  EXPECT_EQ(play.journal().back().item_index, -1);
}

TEST(ForEach, WhatIsNoArrayFailsTheNode) {
  Play play(calls(""), R"({"a": 1})");
  play.run();
  EXPECT_EQ(play.error(), "the input of for_each is a map, not an array");
}

TEST(ForEach, EventsNameTheItem) {
  Play play(calls(""), "[1]");
  play.run();
  std::vector<std::string> said;
  for (const engine::Event& event : play.events()) {
    if (event.node == 0) said.push_back(fmt::format("{}#{}", static_cast<int>(event.kind), event.item));
  }
  EXPECT_THAT(said, ElementsAre("1#-1", "1#0", "2#0", "2#-1"));
}

TEST(ForEach, SchedulersMayDieAtAnyMoment) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Play play(calls(", retry: {max_attempts: 3, delay_seconds: 1}, on_error: {action: continue}",
                    "settings: {max_concurrency: 3, chunk_size: 4}\n"),
              "[0,1,2,3,4,5,6,7,8,9]", {.seed = seed, .crashes = 10, .duplicates = 20});
    play.effects([](const Play::Effect& effect) -> Result<std::string> {
      if (effect.item % 3 == 1 && effect.attempt == 1) return fail(ErrorCode::node_execution_failed, "once");
      if (effect.item == 5) return fail(ErrorCode::node_execution_failed, "always");
      return std::to_string(effect.item);
    });
    play.run();
    ASSERT_EQ(play.output_of("call"), "[0,1,2,3,4,null,6,7,8,9]") << "seed " << seed;
    ASSERT_EQ(play.output(), "10");
    // Each attempt ran once: 10 items, of which 1, 4, 7 twice and 5 three times.
    ASSERT_THAT(play.effects_run(), SizeIs(15)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace r8r
