#include <random>

#include <gtest/gtest.h>

#include "common/cron/schedule.hpp"

namespace r8r::cron {
namespace {

std::string set_text(std::uint64_t set) {
  std::string text;
  for (int i = 0; i < 64; ++i) {
    if ((set >> i & 1) != 0) text += fmt::format("{}{}", text.empty() ? "" : ",", i);
  }
  return text;
}

Schedule::Fields fields_of(std::string_view text) {
  const auto schedule = Schedule::parse(text);
  if (!schedule) {
    ADD_FAILURE() << text << ": " << schedule.error().message;
    return {};
  }
  return schedule->fields();
}

/// "column: message (hint)"
std::string problem_of(std::string_view text) {
  const auto schedule = Schedule::parse(text);
  if (schedule) return "none";
  const Problem& problem = schedule.error();
  return fmt::format("{}: {}{}", problem.column, problem.message,
                     problem.hint.empty() ? "" : fmt::format(" ({})", problem.hint));
}

TEST(CronText, FiveFieldsBeginAtSecondZero) {
  const auto fields = fields_of("30 9 1 2 3");
  EXPECT_EQ(set_text(fields.seconds), "0");
  EXPECT_EQ(set_text(fields.minutes), "30");
  EXPECT_EQ(set_text(fields.hours), "9");
  EXPECT_EQ(set_text(fields.days), "1");
  EXPECT_EQ(set_text(fields.months), "2");
  EXPECT_EQ(set_text(fields.weekdays), "3");
}

TEST(CronText, SixFieldsBeginWithTheSecond) {
  const auto fields = fields_of("*/20 30 9 * * *");
  EXPECT_EQ(set_text(fields.seconds), "0,20,40");
  EXPECT_EQ(set_text(fields.minutes), "30");
  EXPECT_EQ(set_text(fields.hours), "9");
}

TEST(CronText, RangesStepsAndLists) {
  EXPECT_EQ(set_text(fields_of("0-10/5,30,50-51 * * * *").minutes), "0,5,10,30,50,51");
  EXPECT_EQ(set_text(fields_of("5/20 * * * *").minutes), "5,25,45");
  EXPECT_EQ(set_text(fields_of("*/7 * * * *").minutes), "0,7,14,21,28,35,42,49,56");
  EXPECT_EQ(set_text(fields_of("0 */24 * * *").hours), "0");
  EXPECT_EQ(set_text(fields_of("0 0 */10 * *").days), "1,11,21,31");
  EXPECT_EQ(set_text(fields_of("0 0 * 2-12/5 *").months), "2,7,12");
}

TEST(CronText, NamesInAnyCase) {
  EXPECT_EQ(set_text(fields_of("0 0 1 jan,Mar-MAY,dec *").months), "1,3,4,5,12");
  EXPECT_EQ(set_text(fields_of("0 0 * * Mon-FRI/2").weekdays), "1,3,5");
}

TEST(CronText, SundayIsZeroAndSeven) {
  EXPECT_EQ(set_text(fields_of("0 0 * * 0").weekdays), "0");
  EXPECT_EQ(set_text(fields_of("0 0 * * 7").weekdays), "0");
  EXPECT_EQ(set_text(fields_of("0 0 * * 5-7").weekdays), "0,5,6");
  EXPECT_EQ(set_text(fields_of("0 0 * * FRI-SUN").weekdays), "0,5,6");
  EXPECT_EQ(set_text(fields_of("0 0 * * SUN-TUE").weekdays), "0,1,2");
  EXPECT_EQ(set_text(fields_of("0 0 * * 7-2").weekdays), "0,1,2");
  EXPECT_EQ(set_text(fields_of("0 0 * * 7-7").weekdays), "0");
  EXPECT_EQ(set_text(fields_of("0 0 * * 0-7").weekdays), "0,1,2,3,4,5,6");
  EXPECT_EQ(set_text(fields_of("0 0 * * 7/3").weekdays), "0,3,6");
  EXPECT_EQ(set_text(fields_of("0 0 * * */2").weekdays), "0,2,4,6");
}

TEST(CronText, Shorthands) {
  const auto same = [](std::string_view shorthand, std::string_view written) {
    const auto a = fields_of(shorthand);
    const auto b = fields_of(written);
    return a.seconds == b.seconds && a.minutes == b.minutes && a.hours == b.hours && a.days == b.days &&
           a.months == b.months && a.weekdays == b.weekdays && a.any_day == b.any_day && a.any_weekday == b.any_weekday;
  };
  EXPECT_TRUE(same("@hourly", "0 * * * *"));
  EXPECT_TRUE(same("@daily", "0 0 * * *"));
  EXPECT_TRUE(same("@midnight", "0 0 * * *"));
  EXPECT_TRUE(same("@weekly", "0 0 * * SUN"));
  EXPECT_TRUE(same("@monthly", "0 0 1 * *"));
  EXPECT_TRUE(same(" @Yearly ", "0 0 1 1 *"));
  EXPECT_TRUE(same("@annually", "0 0 1 1 *"));
}

TEST(CronText, BlanksAndQuestionMarks) {
  EXPECT_EQ(Schedule::parse("  0\t9  ? * * ")->text(), "0\t9  ? * *");
  EXPECT_TRUE(fields_of("0 9 ? * 1").any_day);
  EXPECT_TRUE(fields_of("0 9 1 * ?").any_weekday);
}

TEST(CronText, MistakesAreNamedWithTheirPlace) {
  EXPECT_EQ(problem_of(""), "1: the schedule is empty (for example 0 9 * * MON-FRI: at 9 on working days)");
  EXPECT_EQ(problem_of("61 * * * *"), "1: the minute '61' is not allowed; 0 to 59 is");
  EXPECT_EQ(problem_of("0 24 * * *"), "3: the hour '24' is not allowed; 0 to 23 is (midnight is 0)");
  EXPECT_EQ(problem_of("0 0 0 * *"), "5: the day of month '0' is not allowed; 1 to 31 is");
  EXPECT_EQ(problem_of("0 0 1,2,32 * *"), "9: the day of month '32' is not allowed; 1 to 31 is");
  EXPECT_EQ(problem_of("0 0 1 13 *"), "7: the month '13' is not allowed; 1 to 12 or JAN to DEC is");
  EXPECT_EQ(problem_of("0 0 1 Jam *"),
            "7: the month 'Jam' is not allowed; 1 to 12 or JAN to DEC is (did you mean 'JAN'?)");
  EXPECT_EQ(problem_of("0 0 * * monday"),
            "9: the day of week 'monday' is not allowed; 0 to 7 or SUN to SAT is (did you mean 'MON'?)");
  EXPECT_EQ(problem_of("60 0 0 * * *"), "1: the second '60' is not allowed; 0 to 59 is (write 0)");
  EXPECT_EQ(problem_of("0 18-8 * * *"), "3: the hour range '18-8' runs backwards (write it as two: 18-23,0-8)");
  EXPECT_EQ(problem_of("0 0 * * fri-mon"),
            "9: the day of week range 'fri-mon' runs backwards (write it as two: 5-6,0-1)");
  EXPECT_EQ(problem_of("*/0 * * * *"),
            "3: the step '0' of the minute '*/0' is not allowed; 1 to 60 is (for example */5, "
            "or 10-50/5)");
  EXPECT_EQ(problem_of("*/90 * * * *"),
            "3: the step '90' of the minute '*/90' is not allowed; 1 to 60 is (a step counts within its own field: for "
            "every 90 minutes take two schedules, or every hour and a condition)");
  EXPECT_EQ(problem_of("* * *"),
            "1: a schedule has 5 fields, or 6 with seconds, not 3 (minute, hour, day of month, month, day of week; "
            "seconds come first if at all)");
  EXPECT_EQ(problem_of("0 0 12 * * ? 2026"),
            "14: a schedule has 5 fields, or 6 with seconds, not 7 (a year cannot be given; leave the last field out)");
  EXPECT_EQ(
      problem_of("0 0 L * *"),
      "5: the day of month 'L' is not allowed; 1 to 31 is (L, W and # are not part of the language; list the days, "
      "and let a condition choose among them)");
  EXPECT_EQ(problem_of("0 0 ä,ö * *"), "5: the day of month 'ä' is not allowed; 1 to 31 is");
  EXPECT_EQ(problem_of("? * * * *"), "1: the minute '?' is not allowed; 0 to 59 is (write *)");
  EXPECT_EQ(problem_of("1, * * * *"),
            "3: the minute has an empty value; 0 to 59 is allowed (remove the ',' or '-' beside it, or write a value)");
  EXPECT_EQ(problem_of("1-2-3 * * * *"), "3: the minute '2-3' is not allowed; 0 to 59 is");
  EXPECT_EQ(problem_of("ä 99 * * *"), "1: the minute 'ä' is not allowed; 0 to 59 is");
  EXPECT_EQ(problem_of("@dayly"), "1: unknown schedule '@dayly' (did you mean '@daily'?)");
  EXPECT_EQ(problem_of("@every 5m"),
            "1: unknown schedule '@every' (for an interval write steps: */5 * * * * is every five minutes)");
  EXPECT_EQ(problem_of("@daily 5"), "8: nothing may follow '@daily'");
  EXPECT_EQ(problem_of(std::string(1'001, '*')), "1: a schedule has at most 1000 characters");
}

TEST(CronText, AScheduleThatNeverFiresIsAMistake) {
  EXPECT_EQ(
      problem_of("0 0 30 2 *"),
      "5: the schedule never fires: no month that it names has a day '30' (February has 29 days at most; April, June, "
      "September and November have 30)");
  EXPECT_NE(problem_of("0 0 31 2,4,6,9,11 *"), "none");
  EXPECT_EQ(problem_of("0 0 31 2-3 *"), "none");
  EXPECT_EQ(problem_of("0 0 29 2 *"), "none");
  // Either day is enough.
  EXPECT_EQ(problem_of("0 0 30 2 MON"), "none");
  EXPECT_NE(problem_of("0 0 30 2 */2"), "none");
}

TEST(CronText, WhateverTheTextItFiresOrIsRefused) {
  std::mt19937 random(7);
  constexpr std::string_view kGood[] = {"*/5 0-10/2,20 1,15 JAN-MAR MON-FRI", "30 0 9 * 6 7", "@daily", "0 0 29 2 */6"};
  constexpr std::string_view kAlphabet = "0123456789*/,-? \t@#ADEFJLMNORSTUWYamjn\xc3\xa4";
  const auto utc = *expr::TimeZone::find("UTC");
  int good = 0;
  int bad = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text(kGood[random() % std::size(kGood)]);
    for (unsigned change = 0; change <= random() % 3; ++change) {
      const std::size_t at = random() % text.size();
      text.replace(at, random() % 2, 1, kAlphabet[random() % kAlphabet.size()]);
    }
    const auto schedule = Schedule::parse(text);
    if (schedule) {
      ++good;
      ASSERT_TRUE(schedule->next_after(Timestamp{}, *utc).has_value()) << text;
    } else {
      ++bad;
      ASSERT_LE(static_cast<std::size_t>(schedule.error().column), text.size() + 1) << text;
    }
  }
  EXPECT_GT(good, 100);
  EXPECT_GT(bad, 100);
}

}  // namespace
}  // namespace r8r::cron
