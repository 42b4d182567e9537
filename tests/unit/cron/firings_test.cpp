#include <gtest/gtest.h>

#include "common/cron/schedule.hpp"

namespace r8r::cron {
namespace {

/// The first `count` firings after a moment, without their dates' milliseconds.
std::string firings(std::string_view text, std::string_view zone_name, std::string_view after, int count) {
  const auto schedule = Schedule::parse(text);
  if (!schedule) return schedule.error().message;
  const auto zone = *expr::TimeZone::find(zone_name);
  std::string all;
  Timestamp time = *parse_rfc3339(after);
  for (int i = 0; i < count; ++i) {
    const auto next = schedule->next_after(time, *zone);
    if (!next) return all + " never";
    all += (all.empty() ? "" : " ") + to_rfc3339(*next).substr(0, 19);
    time = *next;
  }
  return all;
}

std::string previous(std::string_view text, std::string_view zone_name, std::string_view at) {
  const auto schedule = Schedule::parse(text);
  if (!schedule) return schedule.error().message;
  const auto time = schedule->previous_at_or_before(*parse_rfc3339(at), **expr::TimeZone::find(zone_name));
  return time ? to_rfc3339(*time).substr(0, 19) : "never";
}

TEST(CronFirings, AreAfterTheGivenMoment) {
  EXPECT_EQ(firings("*/15 * * * *", "UTC", "2026-01-20T14:30:00Z", 2), "2026-01-20T14:45:00 2026-01-20T15:00:00");
  EXPECT_EQ(firings("*/15 * * * *", "UTC", "2026-01-20T14:29:59.999Z", 1), "2026-01-20T14:30:00");
  EXPECT_EQ(firings("*/15 * * * *", "UTC", "2026-01-20T14:30:00.001Z", 1), "2026-01-20T14:45:00");
  EXPECT_EQ(firings("0 9 * * MON-FRI", "Europe/Berlin", "2026-01-23T08:00:00Z", 2),
            "2026-01-26T08:00:00 2026-01-27T08:00:00");
  EXPECT_EQ(firings("30 0 0 1 1 *", "UTC", "2026-06-01T00:00:00Z", 2), "2027-01-01T00:00:30 2028-01-01T00:00:30");
  EXPECT_EQ(firings("@weekly", "Asia/Tokyo", "2026-01-20T00:00:00Z", 1), "2026-01-24T15:00:00");
  EXPECT_EQ(firings("50/5 59 23 31 12 *", "UTC", "2026-01-01T00:00:00Z", 3),
            "2026-12-31T23:59:50 2026-12-31T23:59:55 2027-12-31T23:59:50");
}

TEST(CronFirings, EitherOfTwoRestrictedDaysIsEnough) {
  // The 13th, and every Friday.
  EXPECT_EQ(firings("0 0 13 * FRI", "UTC", "2026-01-01T00:00:00Z", 4),
            "2026-01-02T00:00:00 2026-01-09T00:00:00 2026-01-13T00:00:00 2026-01-16T00:00:00");
  // A field that begins with * restricts the other one.
  EXPECT_EQ(firings("0 0 1-7 * */7", "UTC", "2026-01-01T00:00:00Z", 2), "2026-01-04T00:00:00 2026-02-01T00:00:00");
  EXPECT_EQ(firings("0 0 */13 * FRI", "UTC", "2026-01-01T00:00:00Z", 2), "2026-02-27T00:00:00 2026-03-27T00:00:00");
}

TEST(CronFirings, RareOnesAreFound) {
  EXPECT_EQ(firings("0 0 29 2 *", "UTC", "2096-02-29T00:00:00Z", 1), "2104-02-29T00:00:00");
  EXPECT_EQ(firings("0 0 29 2 */6", "UTC", "2084-03-01T00:00:00Z", 2), "2088-02-29T00:00:00 2116-02-29T00:00:00");
  EXPECT_EQ(previous("0 0 29 2 *", "UTC", "2104-02-28T23:59:59Z"), "2096-02-29T00:00:00");
}

TEST(CronFirings, EndWithTheCalendar) {
  EXPECT_EQ(firings("0 0 1 1 *", "UTC", "9998-06-01T00:00:00Z", 2), "9999-01-01T00:00:00 never");
  EXPECT_EQ(firings("* * * * * *", "America/New_York", "9999-12-31T23:59:58Z", 2), "9999-12-31T23:59:59 never");
  EXPECT_EQ(previous("0 0 1 1 *", "UTC", "0001-01-01T00:00:00Z"), "never");
  EXPECT_EQ(previous("0 0 1 1 *", "UTC", "9999-12-31T23:59:59Z"), "9999-01-01T00:00:00");
}

TEST(CronFirings, AMissingTimeFiresAtTheNextValidMoment) {
  // Clocks in Berlin go from 2:00 to 3:00 at 01:00 UTC.
  EXPECT_EQ(firings("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 3),
            "2026-03-28T01:30:00 2026-03-29T01:00:00 2026-03-30T00:30:00");
  // Several of them are one, and one with the time that is there.
  EXPECT_EQ(firings("*/20 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 4),
            "2026-03-29T01:00:00 2026-03-29T01:20:00 2026-03-29T01:40:00 2026-03-30T00:00:00");
  // Midnight that is not there.
  EXPECT_EQ(firings("@daily", "America/Sao_Paulo", "2018-11-03T12:00:00Z", 2),
            "2018-11-04T03:00:00 2018-11-05T02:00:00");
  // A whole day that is not there.
  EXPECT_EQ(firings("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3),
            "2011-12-29T22:00:00 2011-12-30T10:00:00 2011-12-30T22:00:00");
}

TEST(CronFirings, ATimeThatOccursTwiceFiresAtTheFirst) {
  // Clocks in Berlin go from 3:00 to 2:00 at 01:00 UTC.
  EXPECT_EQ(firings("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            "2026-10-25T00:30:00 2026-10-26T01:30:00");
  EXPECT_EQ(firings("*/30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 3),
            "2026-10-25T00:00:00 2026-10-25T00:30:00 2026-10-26T01:00:00");
  // From within the second pass.
  EXPECT_EQ(firings("*/30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1), "2026-10-26T01:00:00");
  EXPECT_EQ(previous("*/30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z"), "2026-10-25T00:30:00");
}

TEST(CronFirings, ASchedulesOfEveryHourGoesOnAsTimeGoesBy) {
  EXPECT_EQ(firings("30 * * * *", "Europe/Berlin", "2026-10-24T23:00:00Z", 4),
            "2026-10-24T23:30:00 2026-10-25T00:30:00 2026-10-25T01:30:00 2026-10-25T02:30:00");
  EXPECT_EQ(firings("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 3),
            "2026-03-29T00:30:00 2026-03-29T01:30:00 2026-03-29T02:30:00");
  EXPECT_EQ(firings("59 * * * * *", "Europe/Berlin", "2026-03-29T00:58:59Z", 2),
            "2026-03-29T00:59:59 2026-03-29T01:00:59");
  // The same with the hours written out.
  EXPECT_EQ(firings("30 0-23 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 2),
            "2026-10-25T00:30:00 2026-10-25T01:30:00");
  // Only on the day that ends with the hour that occurs twice: 24 hours of it are there, and one more.
  EXPECT_EQ(firings("0 * 17 2 *", "America/Sao_Paulo", "2018-02-18T00:00:00Z", 4),
            "2018-02-18T01:00:00 2018-02-18T02:00:00 2019-02-17T03:00:00 2019-02-17T04:00:00");
}

TEST(CronFirings, AJumpOfHalfAnHourLosesNothing) {
  // Clocks on Lord Howe Island go from 2:00 to 2:30 at 15:30 UTC.
  EXPECT_EQ(firings("15 * * * *", "Australia/Lord_Howe", "2026-10-03T14:00:00Z", 4),
            "2026-10-03T14:45:00 2026-10-03T15:30:00 2026-10-03T16:15:00 2026-10-03T17:15:00");
  EXPECT_EQ(firings("15 * * * *", "Australia/Lord_Howe", "2026-10-03T15:29:59Z", 1), "2026-10-03T15:30:00");
  EXPECT_EQ(firings("45 * * * *", "Australia/Lord_Howe", "2026-10-03T14:15:00Z", 2),
            "2026-10-03T15:15:00 2026-10-03T15:45:00");
}

TEST(CronFirings, ThePreviousOneMayBeNow) {
  EXPECT_EQ(previous("0 9 * * *", "UTC", "2026-01-20T09:00:00Z"), "2026-01-20T09:00:00");
  EXPECT_EQ(previous("0 9 * * *", "UTC", "2026-01-20T09:00:00.5Z"), "2026-01-20T09:00:00");
  EXPECT_EQ(previous("0 9 * * *", "UTC", "2026-01-20T08:59:59.999Z"), "2026-01-19T09:00:00");
  EXPECT_EQ(previous("@yearly", "Europe/Berlin", "2026-01-20T00:00:00Z"), "2025-12-31T23:00:00");
  EXPECT_EQ(previous("* * * * * *", "Europe/Berlin", "2026-10-25T01:10:00Z"), "2026-10-25T01:10:00");
}

}  // namespace
}  // namespace r8r::cron
