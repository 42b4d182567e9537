#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/engine/graph.hpp"

namespace r8r::engine {

using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Waits, ATaskThatIsOut) {
  Driver d(graph({{"call", kEffect}}));
  const Decision first = d.start();
  const std::vector<Wait> waits = d.machine.waits();
  ASSERT_THAT(waits, SizeIs(1));
  EXPECT_EQ(waits[0].kind, WaitKind::task);
  EXPECT_EQ(waits[0].unit, Unit{0});
  EXPECT_EQ(waits[0].since, d.now);
  EXPECT_EQ(waits[0].dispatch_id, first.run_after_commit[0].id);
  EXPECT_FALSE(waits[0].until);
  EXPECT_FALSE(d.machine.waits_for_nothing());
}

TEST(Waits, ATimeoutSaysUntilWhen) {
  auto workflow = graph({{"call", kEffect}});
  workflow->nodes[0].timeout = seconds(20);
  Driver d(workflow);
  d.start();
  ASSERT_THAT(d.machine.waits(), SizeIs(1));
  EXPECT_EQ(d.machine.waits()[0].until, d.now + seconds(20) + kTimeoutGrace);
}

TEST(Waits, ARetryWithTheErrorBeforeAlsoAfterARecovery) {
  Driver d(graph({{"call", kEffect, {}, {.max_attempts = 3, .delay = seconds(60)}}}));
  const Decision first = d.start();
  const Decision failed = d.fail(first.run_after_commit[0]);
  Driver other(d.workflow, 8);
  other.machine.replay(first.entries);
  other.machine.replay(failed.entries);
  for (const Execution* machine : {&d.machine, &other.machine}) {
    const std::vector<Wait> waits = machine->waits();
    ASSERT_THAT(waits, SizeIs(1));
    EXPECT_EQ(waits[0].kind, WaitKind::retry);
    EXPECT_EQ(waits[0].attempt, 1);
    EXPECT_EQ(waits[0].since, d.now);
    EXPECT_EQ(waits[0].until, d.now + seconds(60));
    EXPECT_EQ(waits[0].why, "it broke");
    EXPECT_EQ(machine->last_progress(), d.now);
  }
}

TEST(Waits, ATimer) {
  Driver d(graph({{"sleep", kControl}}));
  const Decision first = d.start();
  SegmentResult result = d.result_of(first.run_now[0], Outcome::waiting);
  result.nodes[0].wait = seconds(30);
  d.machine.on_result(std::move(result), d.now);
  ASSERT_THAT(d.machine.waits(), SizeIs(1));
  EXPECT_EQ(d.machine.waits()[0].kind, WaitKind::timer);
  EXPECT_EQ(d.machine.waits()[0].until, d.now + seconds(30));
}

TEST(Waits, NodesThatOnlyWantRoom) {
  auto workflow = graph({{"a", kEffect}, {"b", kEffect}, {"c", kEffect, {"b"}}});
  workflow->settings.max_concurrency = 1;
  Driver d(workflow);
  d.start();
  const std::vector<Wait> waits = d.machine.waits();
  ASSERT_THAT(waits, SizeIs(2));
  EXPECT_EQ(waits[0].kind, WaitKind::task);
  EXPECT_EQ(waits[1].kind, WaitKind::concurrency);
  EXPECT_EQ(waits[1].unit, Unit{1});
}

TEST(Waits, APauseWithItsReasonBesideWhatStillRuns) {
  Driver d(graph({{"call", kEffect}, {"next", kEffect, {"call"}}}));
  const Decision first = d.start();
  ASSERT_TRUE(d.machine.pause("lunch", d.now));
  ASSERT_THAT(d.machine.waits(), SizeIs(2));
  EXPECT_EQ(d.machine.waits()[0].kind, WaitKind::paused);
  EXPECT_EQ(d.machine.waits()[0].why, "lunch");
  d.succeed(first.run_after_commit[0]);
  ASSERT_THAT(d.machine.waits(), SizeIs(1));
  EXPECT_EQ(d.machine.waits()[0].kind, WaitKind::paused);
  EXPECT_FALSE(d.machine.waits_for_nothing());
  ASSERT_TRUE(d.machine.unpause(d.now));
  EXPECT_EQ(d.machine.waits()[0].kind, WaitKind::task);
}

TEST(Waits, NothingOnceItHasEnded) {
  Driver d(graph({{"a"}}));
  const Decision first = d.start();
  d.succeed(first.run_now[0]);
  EXPECT_THAT(d.machine.waits(), IsEmpty());
  EXPECT_FALSE(d.machine.waits_for_nothing());
}

TEST(Waits, AMachineThatNobodyHasStartedWaitsForNothing) {
  Driver d(graph({{"a"}}));
  EXPECT_TRUE(d.machine.waits_for_nothing()) << "what the watchdog looks for";
}

}  // namespace r8r::engine
