#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/engine/graph.hpp"

namespace r8r::engine {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

std::vector<journal::JournalEntry> all_entries(std::vector<Decision*> decisions) {
  std::vector<journal::JournalEntry> all;
  for (Decision* decision : decisions) all.insert(all.end(), decision->entries.begin(), decision->entries.end());
  return all;
}

std::vector<std::int64_t> seqs(const std::vector<Event>& events) {
  std::vector<std::int64_t> out;
  for (const Event& event : events) out.push_back(event.seq);
  return out;
}

}  // namespace

TEST(Execution, TheOutputIsThatOfTheLastNodeThatWasNotSkipped) {
  Driver d(graph({{"a"}, {"b", kPure, {"a"}}}));
  const Decision first = d.start();
  SegmentResult result = d.result_of(first.run_now[0]);
  result.nodes[1] = d.node_result(1, Outcome::skipped);
  const Decision last = d.machine.on_result(std::move(result), d.now);
  ASSERT_TRUE(last.end);
  EXPECT_EQ(*last.end->output, "\"a\"");
}

TEST(Execution, AllSkippedHasNoOutput) {
  Driver d(graph({{"a"}}));
  const Decision first = d.start();
  const Decision last = d.machine.on_result(d.result_of(first.run_now[0], Outcome::skipped), d.now);
  ASSERT_TRUE(last.end);
  EXPECT_EQ(last.end->output, nullptr);
}

TEST(Execution, AResultIsAppliedOnce) {
  Driver d(graph({{"call", kEffect}, {"next", kEffect, {"call"}}}));
  const Decision first = d.start();
  const Dispatch call = first.run_after_commit[0];
  EXPECT_FALSE(d.succeed(call).superseded);
  const Decision again = d.succeed(call);
  EXPECT_TRUE(again.superseded);
  EXPECT_FALSE(again.must_commit());
}

TEST(Execution, AResultOfAnotherAttemptIsSuperseded) {
  Driver d(graph({{"call", kEffect}}));
  const Decision first = d.start();
  SegmentResult result = d.result_of(first.run_after_commit[0]);
  result.attempt = 2;
  EXPECT_TRUE(d.machine.on_result(std::move(result), d.now).superseded);
}

TEST(Execution, AResultMayNotNameNodesThatItWasNotAskedFor) {
  Driver d(graph({{"call", kEffect}, {"other", kEffect}}));
  const Decision first = d.start();
  SegmentResult result = d.result_of(first.run_after_commit[0]);
  result.nodes.push_back(d.node_result(1, Outcome::completed));
  d.machine.on_result(std::move(result), d.now);
  EXPECT_EQ(d.machine.state(1), NodeState::running);
}

TEST(Execution, AFailureWithoutRecoveryFailsTheExecutionAndCancelsSiblings) {
  Driver d(graph({{"call", kEffect}, {"sibling", kEffect}}));
  const Decision first = d.start();
  const Decision last = d.fail(first.run_after_commit[0]);
  ASSERT_TRUE(last.end);
  EXPECT_EQ(last.end->status, "failed");
  EXPECT_EQ(last.end->error, "it broke");
  EXPECT_EQ(last.end->error_node, 0);
  EXPECT_EQ(d.machine.state(1), NodeState::cancelled);
  EXPECT_THAT(last.run_after_commit, IsEmpty());
  EXPECT_TRUE(d.succeed(first.run_after_commit[1]).superseded);
}

TEST(Execution, ARecoveredFailureGoesOnWithTheRecovery) {
  Driver d(graph({{"call", kEffect, {}, {}, workflow::OnError::use_fallback}, {"b", kPure, {"call"}}}));
  const Decision first = d.start();
  const Decision second = d.fail(first.run_after_commit[0], false, "{\"fallback\":true}");
  EXPECT_FALSE(second.end);
  EXPECT_EQ(d.machine.state(0), NodeState::recovered);
  EXPECT_EQ(*d.machine.output(0), "{\"fallback\":true}");
  EXPECT_THAT(second.run_now, SizeIs(1));
}

TEST(Execution, FailedAttemptsAreTriedAgainAfterTheirDelayThenRecovered) {
  workflow::RetryPolicy retry{.max_attempts = 2, .delay = milliseconds(500)};
  Driver d(graph({{"call", kEffect, {}, retry, workflow::OnError::use_null}}));
  const Decision first = d.start();
  const Decision second = d.fail(first.run_after_commit[0], false, "null");
  ASSERT_THAT(second.timers, SizeIs(1));
  EXPECT_EQ(*second.timers[0].fire_at, d.now + milliseconds(500));
  EXPECT_EQ(d.machine.state(0), NodeState::retrying);

  EXPECT_FALSE(d.machine.on_timer({0}, d.now).must_commit()) << "early timers do nothing";
  d.now += milliseconds(500);
  const Decision third = d.machine.on_timer({0}, d.now);
  ASSERT_THAT(third.run_after_commit, SizeIs(1));
  EXPECT_EQ(third.run_after_commit[0].attempt, 2);
  EXPECT_THAT(d.machine.on_timer({0}, d.now).run_after_commit, IsEmpty()) << "a timer fires once";

  const Decision last = d.fail(third.run_after_commit[0], false, "null");
  ASSERT_TRUE(last.end);
  EXPECT_EQ(last.end->status, "completed");
  EXPECT_EQ(*last.end->output, "null");
}

TEST(Execution, PermanentErrorsAreNotTriedAgain) {
  Driver d(graph({{"call", kEffect, {}, {.max_attempts = 5}}}));
  const Decision first = d.start();
  const Decision last = d.fail(first.run_after_commit[0], true);
  ASSERT_TRUE(last.end);
  EXPECT_EQ(last.end->status, "failed");
}

TEST(Execution, AWaitEndsByItsTimerWithTheOutputItWasGiven) {
  Driver d(graph({{"pause", kControl}, {"b", kPure, {"pause"}}}));
  const Decision first = d.start();
  SegmentResult result{.dispatch_id = first.run_now[0].id, .attempt = 1};
  result.nodes.push_back(
      {.node = 0, .outcome = Outcome::waiting, .output = "{\"waited_ms\":1000}", .wait = milliseconds(1000)});
  const Decision second = d.machine.on_result(std::move(result), d.now);
  EXPECT_TRUE(second.must_commit());
  EXPECT_THAT(second.timers, SizeIs(1));
  EXPECT_TRUE(d.machine.only_waits());
  d.now += seconds(1);
  const Decision third = d.machine.on_timer({0}, d.now);
  EXPECT_EQ(*d.machine.output(0), "{\"waited_ms\":1000}");
  EXPECT_THAT(third.run_now, SizeIs(1));
}

TEST(Execution, TheDeadlineEndsItWhateverRuns) {
  auto workflow = graph({{"call", kEffect}});
  workflow->settings.timeout = seconds(2);
  Driver d(workflow);
  const Decision first = d.start();
  EXPECT_FALSE(d.machine.on_deadline(d.now).end);
  d.now += seconds(2);
  const Decision last = d.machine.on_deadline(d.now);
  ASSERT_TRUE(last.end);
  EXPECT_EQ(last.end->error, "Workflow timed out after 2 seconds");
}

TEST(Execution, ReplayingTheJournalGivesTheSameState) {
  workflow::RetryPolicy retry{.max_attempts = 3};
  const auto workflow =
      graph({{"a"}, {"call", kEffect, {"a"}, retry}, {"pause", kControl, {"a"}}, {"end", kPure, {"call", "pause"}}});
  Driver d(workflow);
  Decision first = d.start();
  SegmentResult segment = d.result_of(first.run_now[0]);
  segment.nodes[1] = {.node = 2, .outcome = Outcome::waiting, .output = "{}", .wait = seconds(60)};
  Decision second = d.machine.on_result(std::move(segment), d.now);
  Decision third = d.fail(second.run_after_commit[0]);

  Driver taker(workflow, 8);
  taker.machine.replay(all_entries({&first, &second, &third}));
  for (int node = 0; node < 4; ++node) EXPECT_EQ(taker.machine.state(node), d.machine.state(node)) << node;
  EXPECT_EQ(*taker.machine.output(0), "\"a\"");
  EXPECT_THAT(taker.machine.timers(), SizeIs(2));
  // It goes on where the other stopped, events included.
  taker.now += seconds(1);
  const Decision theirs = taker.machine.on_timer({1}, taker.now);
  d.now += seconds(1);
  const Decision ours = d.machine.on_timer({1}, d.now);
  EXPECT_EQ(seqs(theirs.events), seqs(ours.events));
  EXPECT_EQ(theirs.run_after_commit[0].attempt, 2);
}

TEST(Execution, ATakerSendsRecordedEffectsAgainUnderTheSameToken) {
  const auto workflow = graph({{"call", kEffect}});
  Driver d(workflow);
  Decision first = d.start();
  Driver taker(workflow, 8);
  taker.machine.replay(first.entries);
  const Decision resumed = taker.machine.resume(taker.now);
  ASSERT_THAT(resumed.run_after_commit, SizeIs(1));
  EXPECT_EQ(resumed.run_after_commit[0].id, first.run_after_commit[0].id);
  EXPECT_FALSE(resumed.must_commit());
  // So the result of the task that the lost scheduler sent is taken.
  const Decision last = taker.succeed(first.run_after_commit[0]);
  EXPECT_TRUE(last.end);
}

TEST(Execution, AReplacedTaskIsTheSameAttemptUnderANewToken) {
  Driver d(graph({{"call", kEffect}}));
  const Decision first = d.start();
  const Decision second = d.machine.replace_lost(first.run_after_commit[0].id, d.now);
  ASSERT_THAT(second.run_after_commit, SizeIs(1));
  EXPECT_EQ(second.run_after_commit[0].attempt, 1);
  EXPECT_NE(second.run_after_commit[0].id, first.run_after_commit[0].id);
  EXPECT_THAT(second.events, IsEmpty());
  EXPECT_TRUE(d.succeed(first.run_after_commit[0]).superseded);
  EXPECT_TRUE(d.succeed(second.run_after_commit[0]).end);
}

TEST(Execution, EventsCountUpWithoutGapsAndEndOnce) {
  Driver d(graph({{"a"}, {"call", kEffect, {"a"}}}));
  Decision first = d.start();
  Decision second = d.succeed(first.run_now[0]);
  Decision third = d.succeed(second.run_after_commit[0]);
  std::vector<Event> events;
  std::vector<EventKind> kinds;
  for (Decision* decision : {&first, &second, &third}) {
    for (Event& event : decision->events) {
      kinds.push_back(event.kind);
      events.push_back(event);
    }
  }
  EXPECT_THAT(seqs(events), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(kinds, ElementsAre(EventKind::execution_started, EventKind::node_started, EventKind::node_completed,
                                 EventKind::node_started, EventKind::node_completed, EventKind::execution_completed));
}

TEST(Execution, ATaskThatCannotRunFailsItsNode) {
  Driver d(graph({{"call", kEffect}}));
  const Decision first = d.start();
  SegmentResult result{
      .dispatch_id = first.run_after_commit[0].id, .attempt = 1, .error = "task was delivered 6 times"};
  const Decision last = d.machine.on_result(std::move(result), d.now);
  ASSERT_TRUE(last.end);
  EXPECT_EQ(last.end->error, "task was delivered 6 times");
}

TEST(RetryDelay, FollowsTheBackoff) {
  workflow::RetryPolicy policy{.max_attempts = 10, .delay = milliseconds(100), .max_delay = milliseconds(1'000)};
  EXPECT_EQ(retry_delay(policy, 3, {}, 1), milliseconds(100));
  policy.backoff = workflow::Backoff::linear;
  EXPECT_EQ(retry_delay(policy, 3, {}, 1), milliseconds(300));
  policy.backoff = workflow::Backoff::exponential;
  EXPECT_EQ(retry_delay(policy, 1, {}, 1), milliseconds(100));
  EXPECT_EQ(retry_delay(policy, 3, {}, 1), milliseconds(400));
  EXPECT_EQ(retry_delay(policy, 99, {}, 1), milliseconds(1'000));
}

TEST(RetryDelay, HonoursRetryAfterUpToTheCap) {
  workflow::RetryPolicy policy{.max_attempts = 2, .delay = milliseconds(100), .max_delay = milliseconds(5'000)};
  EXPECT_EQ(retry_delay(policy, 1, seconds(2), 1), seconds(2));
  EXPECT_EQ(retry_delay(policy, 1, seconds(60), 1), seconds(5));
}

TEST(RetryDelay, JitterStaysBelowAndIsDecidedByTheSeed) {
  workflow::RetryPolicy policy{.max_attempts = 2, .delay = milliseconds(1'000), .jitter = true};
  std::int64_t sum = 0;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    const auto delay = retry_delay(policy, 1, {}, seed);
    ASSERT_LE(delay, milliseconds(1'000));
    ASSERT_EQ(delay, retry_delay(policy, 1, {}, seed));
    sum += delay.count();
  }
  EXPECT_NEAR(static_cast<double>(sum) / 1'000, 500, 50);
}

}  // namespace r8r::engine
