#include "services/scheduler/cron_plan.hpp"

#include <gtest/gtest.h>

namespace r8r::scheduler {
namespace {

using namespace std::chrono_literals;

/// A plan with a clock that the test turns, and what fired as text.
class CronPlanTest : public ::testing::Test {
 protected:
  static Timestamp at(const char* text) { return *parse_rfc3339(text); }

  void start(const char* now, const char* up_since = nullptr) {
    now_ = at(now);
    plan_ = std::make_unique<CronPlan>(up_since != nullptr ? at(up_since) : now_, now_, steady_);
  }
  CronPlan::Trigger trigger(const char* schedule, const char* after, const char* zone = "UTC", bool catch_up = false) {
    return {.place = 0,
            .key = std::string(schedule) + " " + zone,
            .schedule = *cron::Schedule::parse(schedule),
            .zone = *expr::TimeZone::find(zone),
            .catch_up = catch_up,
            .after = at(after)};
  }
  void put(std::vector<CronPlan::Trigger> triggers, int version = 1) {
    plan_->put(id_, version, std::move(triggers), now_);
  }
  /// Turns both clocks to a time of day.
  void turn(const char* now) {
    steady_ += at(now) - now_;
    now_ = at(now);
  }
  /// The wall clock jumps, no time passes.
  void jump(const char* now) { now_ = at(now); }

  /// What is due, `hh:mm:ss` each; all of it is recorded.
  std::string fire() {
    std::string fired;
    for (const CronPlan::Due& due : decide()) {
      fired += (fired.empty() ? "" : " ") + to_rfc3339(due.scheduled_at).substr(11, 8);
      EXPECT_FALSE(plan_->settle(due, true, now_));
    }
    return fired;
  }
  std::vector<CronPlan::Due> decide() {
    CronPlan::Decision decision = plan_->due(now_, steady_);
    for (const CronPlan::Missed& missed : decision.missed) missed_ += missed.count;
    return decision.due;
  }
  std::string next() {
    const auto next = plan_->next();
    return next ? to_rfc3339(*next).substr(11, 8) : "never";
  }

  Uuid id_ = Uuid::v4();
  Timestamp now_;
  CronPlan::Steady steady_{1000s};
  std::unique_ptr<CronPlan> plan_;
  std::int64_t missed_ = 0;
};

TEST_F(CronPlanTest, ATimeFiresOnceWhenItHasCome) {
  start("2026-01-20T11:59:30Z");
  put({trigger("*/5 * * * *", "2026-01-20T11:59:00Z")});
  EXPECT_EQ(next(), "12:00:00");
  EXPECT_EQ(fire(), "");
  turn("2026-01-20T11:59:59.999Z");
  EXPECT_EQ(fire(), "");
  turn("2026-01-20T12:00:00Z");
  EXPECT_EQ(fire(), "12:00:00");
  EXPECT_EQ(fire(), "");
  EXPECT_EQ(next(), "12:05:00");
  turn("2026-01-20T12:05:03Z");
  EXPECT_EQ(fire(), "12:05:00");
  EXPECT_EQ(missed_, 0);
}

TEST_F(CronPlanTest, WhatWasDueWhileThisSchedulerWasThereFiresHoweverLate) {
  start("2026-01-20T12:00:00.500Z");
  put({trigger("* * * * * *", "2026-01-20T12:00:00Z")});
  turn("2026-01-20T12:00:04.200Z");
  EXPECT_EQ(fire(), "12:00:01 12:00:02 12:00:03 12:00:04");
  // Taken over from one that died at 12:00:05 while this one ran.
  turn("2026-01-20T12:00:10Z");
  plan_->remove(id_);
  put({trigger("* * * * * *", "2026-01-20T12:00:07Z")});
  EXPECT_EQ(fire(), "12:00:08 12:00:09 12:00:10");
  EXPECT_EQ(missed_, 0);
}

TEST_F(CronPlanTest, ABacklogComesInPieces) {
  start("2026-01-20T12:00:00Z");
  put({trigger("* * * * * *", "2026-01-20T12:00:00Z")});
  turn("2026-01-20T12:02:30Z");
  EXPECT_EQ(decide().size(), 100u);
  EXPECT_LE(*plan_->next(), now_);
  EXPECT_EQ(decide().size(), 50u);
  EXPECT_GT(*plan_->next(), now_);
}

TEST_F(CronPlanTest, WhatNoSchedulerWasThereForIsMissed) {
  start("2026-01-20T12:00:00Z");
  put({trigger("0 * * * *", "2026-01-20T06:00:00Z")});
  // 12:00 is now.
  EXPECT_EQ(fire(), "12:00:00");
  EXPECT_EQ(missed_, 5);
  turn("2026-01-20T13:00:00Z");
  EXPECT_EQ(fire(), "13:00:00");
}

TEST_F(CronPlanTest, WithCatchUpTheMostRecentMissedTimeFires) {
  start("2026-01-20T12:30:00Z");
  put({trigger("0 * * * *", "2026-01-20T06:00:00Z", "UTC", true)});
  const std::vector<CronPlan::Due> due = decide();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(to_rfc3339(due[0].scheduled_at), "2026-01-20T12:00:00.000Z");
  EXPECT_EQ(due[0].missed, 5);
  EXPECT_EQ(missed_, 5);
  EXPECT_EQ(fire(), "");
  EXPECT_EQ(next(), "13:00:00");
}

TEST_F(CronPlanTest, CatchUpMakesUpForNothingWhenNothingWasMissed) {
  start("2026-01-20T12:30:00Z");
  put({trigger("0 * * * *", "2026-01-20T12:00:00Z", "UTC", true)});
  EXPECT_EQ(fire(), "");
  EXPECT_EQ(missed_, 0);
}

TEST_F(CronPlanTest, ALongOutageIsCountedUpToABound) {
  start("2026-01-20T12:30:00Z");
  put({trigger("* * * * * *", "2025-01-20T12:00:00Z")});
  decide();
  EXPECT_EQ(missed_, CronPlan::kMostCounted);
}

TEST_F(CronPlanTest, AProcessThatRanButCouldNotActFiresTheMostRecentTime) {
  start("2026-01-20T12:00:31.500Z", "2026-01-20T11:00:00Z");
  put({trigger("*/10 * * * * *", "2026-01-20T12:00:00Z")});
  EXPECT_EQ(fire(), "12:00:30");
  EXPECT_EQ(missed_, 2);
}

TEST_F(CronPlanTest, ATimeThatIsNotTheMostRecentAnyMoreIsNotMadeUpFor) {
  start("2026-01-20T12:00:31.500Z", "2026-01-20T11:00:00Z");
  put({trigger("*/10 * * * * *", "2026-01-20T12:00:00Z")});
  turn("2026-01-20T12:00:40Z");
  EXPECT_EQ(fire(), "12:00:40");
  EXPECT_EQ(missed_, 3);
}

TEST_F(CronPlanTest, WhatCouldNotBeRecordedIsTriedAgainUntilANewerTimeIsDue) {
  start("2026-01-20T12:00:00Z");
  put({trigger("*/10 * * * * *", "2026-01-20T12:00:00Z")});
  turn("2026-01-20T12:00:10Z");
  std::vector<CronPlan::Due> due = decide();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_FALSE(plan_->settle(due[0], false, now_));
  EXPECT_EQ(fire(), "") << "not before a second has passed";
  turn("2026-01-20T12:00:11Z");
  due = decide();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(to_rfc3339(due[0].scheduled_at), "2026-01-20T12:00:10.000Z");
  EXPECT_FALSE(plan_->settle(due[0], false, now_));
  turn("2026-01-20T12:00:20Z");
  EXPECT_EQ(fire(), "12:00:20");
  EXPECT_EQ(missed_, 1);
}

TEST_F(CronPlanTest, OfSeveralThatFailTogetherOnlyTheNewestIsTriedAgain) {
  start("2026-01-20T12:00:00Z");
  put({trigger("* * * * * *", "2026-01-20T12:00:00Z")});
  turn("2026-01-20T12:00:03Z");
  std::int64_t given_up = 0;
  for (const CronPlan::Due& due : decide()) {
    if (const auto missed = plan_->settle(due, false, now_)) given_up += missed->count;
  }
  EXPECT_EQ(given_up, 2);
  turn("2026-01-20T12:00:03.900Z");
  EXPECT_EQ(fire(), "");
  turn("2026-01-20T12:00:04Z");
  EXPECT_EQ(fire(), "12:00:04");
}

TEST_F(CronPlanTest, MissedTimesAreToldWithWhatIsRecordedNext) {
  start("2026-01-20T12:00:30Z");
  put({trigger("0 * * * *", "2026-01-20T10:00:00Z")});
  EXPECT_EQ(fire(), "");
  turn("2026-01-20T13:00:00Z");
  std::vector<CronPlan::Due> due = decide();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].missed, 2);
  plan_->settle(due[0], false, now_);
  turn("2026-01-20T13:00:01Z");
  due = decide();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].missed, 2) << "it was not recorded the first time";
}

TEST_F(CronPlanTest, AJumpForwardIsLikeAnOutage) {
  start("2026-01-20T12:00:00Z");
  put({trigger("0 * * * *", "2026-01-20T12:00:00Z")});
  EXPECT_EQ(fire(), "");
  jump("2026-01-20T15:30:00Z");
  EXPECT_EQ(fire(), "");
  EXPECT_EQ(missed_, 3);
  turn("2026-01-20T16:00:00Z");
  EXPECT_EQ(fire(), "16:00:00");
}

TEST_F(CronPlanTest, AfterAJumpForwardCatchUpFiresTheMostRecentTime) {
  start("2026-01-20T12:00:00Z");
  put({trigger("0 * * * *", "2026-01-20T12:00:00Z", "UTC", true)});
  jump("2026-01-20T15:30:00Z");
  EXPECT_EQ(fire(), "15:00:00");
  EXPECT_EQ(missed_, 2);
}

TEST_F(CronPlanTest, ASmallStepForwardLosesNothing) {
  start("2026-01-20T11:59:50Z");
  put({trigger("0 12 * * *", "2026-01-20T11:00:00Z")});
  jump("2026-01-20T12:00:20Z");
  EXPECT_EQ(fire(), "12:00:00");
}

TEST_F(CronPlanTest, AfterAJumpBackwardTheSameTimesAreDueOnceMore) {
  // Their keys in the database keep them from firing; what matters is that nothing waits for the old time.
  start("2026-01-20T12:00:00Z");
  put({trigger("0 * * * *", "2026-01-20T12:00:00Z")});
  jump("2027-01-20T12:30:00Z");
  EXPECT_EQ(fire(), "");
  jump("2026-01-20T12:30:00Z");
  EXPECT_EQ(fire(), "");
  EXPECT_EQ(next(), "13:00:00");
  turn("2026-01-20T13:00:00Z");
  EXPECT_EQ(fire(), "13:00:00");
  turn("2026-01-20T14:00:00Z");
  EXPECT_EQ(fire(), "14:00:00");
  jump("2026-01-20T13:59:59Z");
  EXPECT_EQ(fire(), "");
  turn("2026-01-20T14:00:00Z");
  EXPECT_EQ(fire(), "14:00:00");
}

TEST_F(CronPlanTest, ATimeOfTheFutureInTheDatabaseDelaysNothing) {
  start("2026-01-20T12:00:00Z");
  put({trigger("0 * * * *", "2027-06-01T00:00:00Z")});
  EXPECT_EQ(next(), "13:00:00");
}

TEST_F(CronPlanTest, ClocksThatGoForwardFireOnceAtTheNextValidInstant) {
  // In Berlin 02:30 does not exist on 29 March 2026; 03:00 summer time is 01:00 UTC.
  start("2026-03-29T00:59:00Z");
  put({trigger("30 2 * * *", "2026-03-29T00:59:00Z", "Europe/Berlin")});
  turn("2026-03-29T01:00:00Z");
  EXPECT_EQ(fire(), "01:00:00");
  turn("2026-03-29T02:00:00Z");
  EXPECT_EQ(fire(), "");
  EXPECT_EQ(to_rfc3339(*plan_->next()), "2026-03-30T00:30:00.000Z");
}

TEST_F(CronPlanTest, ATimeThatOccursTwiceFiresOnce) {
  // In Berlin 02:30 occurs at 00:30 and 01:30 UTC on 25 October 2026.
  start("2026-10-25T00:00:00Z");
  put({trigger("30 2 * * *", "2026-10-25T00:00:00Z", "Europe/Berlin")});
  turn("2026-10-25T00:30:00Z");
  EXPECT_EQ(fire(), "00:30:00");
  turn("2026-10-25T01:30:00Z");
  EXPECT_EQ(fire(), "");
}

TEST_F(CronPlanTest, ANewVersionThatKeepsAScheduleGoesOn) {
  start("2026-01-20T11:59:00Z");
  put({trigger("0 12 * * *", "2026-01-20T11:00:00Z")});
  turn("2026-01-20T12:00:00.100Z");
  std::vector<CronPlan::Due> due = decide();
  ASSERT_EQ(due.size(), 1u);
  // Saved at the very moment: the database refused the old version.
  put({trigger("0 12 * * *", "2026-01-20T12:00:00.050Z"), trigger("30 12 * * *", "2026-01-20T12:00:00.050Z")}, 2);
  plan_->settle(due[0], false, now_);
  turn("2026-01-20T12:00:01.100Z");
  due = decide();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].version, 2);
  EXPECT_EQ(to_rfc3339(due[0].scheduled_at), "2026-01-20T12:00:00.000Z");
  EXPECT_EQ(next(), "12:30:00");
}

TEST_F(CronPlanTest, AChangedScheduleBeginsWithTheChange) {
  start("2026-01-20T12:10:00Z");
  put({trigger("0 * * * *", "2026-01-20T12:00:00Z")});
  turn("2026-01-20T12:35:00Z");
  put({trigger("*/15 * * * *", "2026-01-20T12:34:59Z", "UTC", true)}, 2);
  EXPECT_EQ(fire(), "");
  EXPECT_EQ(next(), "12:45:00");
}

TEST_F(CronPlanTest, ARemovedWorkflowFiresNothing) {
  start("2026-01-20T12:00:00Z");
  put({trigger("* * * * * *", "2026-01-20T12:00:00Z")});
  turn("2026-01-20T12:00:01Z");
  const std::vector<CronPlan::Due> due = decide();
  ASSERT_EQ(due.size(), 1u);
  plan_->remove(id_);
  EXPECT_FALSE(plan_->settle(due[0], false, now_));
  turn("2026-01-20T12:00:30Z");
  EXPECT_EQ(fire(), "");
  EXPECT_EQ(next(), "never");
  // Enabled again: what passed meanwhile was not missed.
  put({trigger("* * * * * *", "2026-01-20T12:00:29.500Z", "UTC", true)});
  EXPECT_EQ(fire(), "12:00:30");
}

}  // namespace
}  // namespace r8r::scheduler
