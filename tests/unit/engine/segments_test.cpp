#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/engine/graph.hpp"

namespace r8r::engine {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Segments, AChainOfPureNodesIsOneSegmentAndOneCommit) {
  Driver d(graph({{"a"}, {"b", kPure, {"a"}}, {"c", kPure, {"b"}}}));
  const Decision first = d.start();
  ASSERT_THAT(first.run_now, SizeIs(1));
  EXPECT_THAT(ids_of(*d.workflow, first.run_now[0]), ElementsAre("a", "b", "c"));
  EXPECT_FALSE(first.must_commit());
  const Decision last = d.succeed(first.run_now[0]);
  ASSERT_TRUE(last.end);
  EXPECT_EQ(last.end->status, "completed");
  EXPECT_EQ(*last.end->output, "\"c\"");
  EXPECT_THAT(last.entries, SizeIs(3));
}

TEST(Segments, BranchesThatMeetAreOneSegment) {
  Driver d(graph({{"a"}, {"left", kPure, {"a"}}, {"right", kPure, {"a"}}, {"join", kPure, {"left", "right"}}}));
  const Decision first = d.start();
  ASSERT_THAT(first.run_now, SizeIs(1));
  EXPECT_THAT(ids_of(*d.workflow, first.run_now[0]), ElementsAre("a", "left", "right", "join"));
}

TEST(Segments, UnconnectedNodesRunApart) {
  Driver d(graph({{"a"}, {"b"}, {"c", kPure, {"b"}}}));
  const Decision first = d.start();
  ASSERT_THAT(first.run_now, SizeIs(2));
  EXPECT_THAT(ids_of(*d.workflow, first.run_now[0]), ElementsAre("a"));
  EXPECT_THAT(ids_of(*d.workflow, first.run_now[1]), ElementsAre("b", "c"));
}

TEST(Segments, AnEffectStartsOnlyAfterTheCommitOfWhatItFollowsFrom) {
  Driver d(graph({{"a"}, {"call", kEffect, {"a"}}, {"b", kPure, {"call"}}}));
  const Decision first = d.start();
  EXPECT_THAT(first.run_after_commit, IsEmpty());
  const Decision second = d.succeed(first.run_now[0]);
  EXPECT_THAT(second.run_now, IsEmpty());
  ASSERT_THAT(second.run_after_commit, SizeIs(1));
  EXPECT_TRUE(second.run_after_commit[0].effect);
  // What it follows from and its own start are in the commit that it waits for.
  ASSERT_THAT(second.entries, SizeIs(2));
  EXPECT_EQ(second.entries[0].kind, journal::EntryKind::completed);
  EXPECT_EQ(second.entries[1].kind, journal::EntryKind::started);
  EXPECT_EQ(second.entries[1].dispatch_id, second.run_after_commit[0].id);
}

TEST(Segments, APureNodeAfterAnEffectMayRunAheadOfTheCommit) {
  Driver d(graph({{"call", kEffect}, {"b", kPure, {"call"}}}));
  const Decision first = d.start();
  const Decision second = d.succeed(first.run_after_commit[0]);
  EXPECT_TRUE(second.must_commit());
  EXPECT_THAT(second.run_now, SizeIs(1));
}

TEST(Segments, AnEffectAtTheRootIsRecordedBeforeItRuns) {
  Driver d(graph({{"call", kEffect}}));
  const Decision first = d.start();
  EXPECT_TRUE(first.must_commit());
  EXPECT_THAT(first.run_now, IsEmpty());
  EXPECT_THAT(first.run_after_commit, SizeIs(1));
}

TEST(Segments, WhatFollowsAWaitIsNotFusedWithIt) {
  Driver d(graph({{"a"}, {"pause", kControl, {"a"}}, {"b", kPure, {"pause"}}}));
  const Decision first = d.start();
  ASSERT_THAT(first.run_now, SizeIs(1));
  EXPECT_THAT(ids_of(*d.workflow, first.run_now[0]), ElementsAre("a", "pause"));
}

TEST(Segments, ANodeDoesNotWaitForWhatItDoesNotDependOn) {
  Driver d(graph({{"slow", kEffect}, {"fast", kEffect}, {"after_fast", kEffect, {"fast"}}}));
  const Decision first = d.start();
  ASSERT_THAT(first.run_after_commit, SizeIs(2));
  const Decision second = d.succeed(first.run_after_commit[1]);
  ASSERT_THAT(second.run_after_commit, SizeIs(1));
  EXPECT_THAT(ids_of(*d.workflow, second.run_after_commit[0]), ElementsAre("after_fast"));
}

TEST(Segments, NoMoreRunAtOnceThanMaxConcurrency) {
  std::vector<NodeSpec> specs;
  for (int i = 0; i < 5; ++i) specs.push_back({"n" + std::to_string(i), kEffect});
  auto workflow = graph(std::move(specs));
  workflow->settings.max_concurrency = 2;
  Driver d(workflow);
  const Decision first = d.start();
  ASSERT_THAT(first.run_after_commit, SizeIs(2));
  const Decision second = d.succeed(first.run_after_commit[0]);
  EXPECT_THAT(second.run_after_commit, SizeIs(1));
  EXPECT_THAT(d.machine.in_flight(), SizeIs(2));
}

TEST(Segments, APinnedEffectIsNotRunAsOne) {
  auto workflow = graph({{"call", kEffect}, {"b", kPure, {"call"}}});
  workflow->nodes[0].pinned = "42";
  Driver d(workflow);
  const Decision first = d.start();
  ASSERT_THAT(first.run_now, SizeIs(1));
  EXPECT_THAT(ids_of(*d.workflow, first.run_now[0]), ElementsAre("call", "b"));
}

}  // namespace r8r::engine
