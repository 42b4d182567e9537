#include <ctime>
#include <filesystem>

#include "common/expr/dates.hpp"
#include "common/expr/time_zone.hpp"
#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

TEST(TimeFunctions, ClockAndChanceComeFromTheContext) {
  check({{"now()", "\"2026-01-20T14:30:00.120Z\""}, {"today()", "\"2026-01-20\""}, {"timestamp()", "1768919400.12"}});
  World a;
  World b;
  World c;
  c.seed = 2;
  const std::string_view source = "[uuid(), random(), random()]";
  EXPECT_EQ(a.eval(source), b.eval(source));
  EXPECT_NE(a.eval(source), c.eval(source));
  EXPECT_EQ(a.eval("uuid().matches(\"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$\") && "
                   "uuid() != uuid()"),
            "true");
  EXPECT_EQ(a.eval("range(0, 1000).map(|i| random()).all(|r| r >= 0 && r < 1)"), "true");
}

TEST(TimeFunctions, OneContextGivesNewRandomValuesEachTime) {
  World world;
  auto program = Program::compile("uuid()", world.options());
  EvalContext context{world.scope, {}, {}, 5};
  const auto first = evaluate(*program, context);
  const auto second = evaluate(*program, context);
  EXPECT_FALSE(*first == *second);
}

TEST(TimeFunctions, DatesAreRead) {
  check(
      {{"parse_date(\"2026-01-20\")", "\"2026-01-20T00:00:00.000Z\""},
       {"parse_date(\"2026-01-20T14:30:00+02:00\")", "\"2026-01-20T12:30:00.000Z\""},
       {"parse_date(\"2026-01-20 14:30\")", "\"2026-01-20T14:30:00.000Z\""},
       {"parse_date(\"2026-01-20T14:30:00.5Z\")", "\"2026-01-20T14:30:00.500Z\""},
       {"parse_date(1768919400)", "\"2026-01-20T14:30:00.000Z\""},
       {"parse_date(\"20 Jan 2026 3:05 PM\", \"%d %b %Y %I:%M %p\")", "\"2026-01-20T15:05:00.000Z\""},
       {"parse_date(\"01/02/26\", \"%D\")", "\"2026-01-02T00:00:00.000Z\""},
       {"parse_date(\"Tue, 20 Jan 2026 14:30:00 -0500\", \"%a, %d %b %Y %T %z\")", "\"2026-01-20T19:30:00.000Z\""},
       {"parse_date(\"2026-366\", \"%Y-%j\")",
        "error: 'parse_date': \"2026-366\" does not match the format \"%Y-%j\" (line 1, column 1)"},
       {"parse_date(\"2024-366\", \"%Y-%j\")", "\"2024-12-31T00:00:00.000Z\""},
       {"parse_date(\"1768919400\", \"%s\")", "\"2026-01-20T14:30:00.000Z\""},
       {"parse_date(\"2026-02-30\")",
        "error: 'parse_date': \"2026-02-30\" is not a date; use 2026-01-20 or 2026-01-20T14:30:00Z, or parse_date with "
        "a format (line 1, column 1)"},
       {"format_date(now(), \"%ƌ\")",
        "error: 'format_date': a '%' stands before something that is no conversion in the format (line 1, column 1)"},
       {"parse_date(\"x\", \"%ƌ\")",
        "error: 'parse_date': a '%' stands before something that is no conversion in the format (line 1, column 1)"},
       {"parse_date(\"x\", \"%Q\")", "error: 'parse_date': unknown conversion '%Q' in the format (line 1, column 1)"},
       {"parse_date(null)", "error: 'parse_date' needs a date, not null (line 1, column 1)"},
       {"parse_date(1e30)", "error: 'parse_date': 1e+30 seconds are outside the years 1 to 9999 (line 1, column 1)"}});
}

TEST(TimeFunctions, DatesAreWritten) {
  check({{"format_date(\"2026-01-02T03:04:05.678Z\", \"%Y/%m/%d %H:%M:%S.%L %j %a %B %-d %e %y %I%p %s %z %Z %%\")",
          "\"2026/01/02 03:04:05.678 002 Fri January 2  2 26 03AM 1767323045 +0000 UTC %\""},
         {"format_date(\"2026-07-01T12:00:00Z\", \"%H:%M %Z %:z\", \"Europe/Berlin\")", "\"14:00 CEST +02:00\""},
         {"format_date(\"2026-01-01T12:00:00Z\", \"%F %R\", \"+05:30\")", "\"2026-01-01 17:30\""},
         {"format_date(0, \"%F\")", "\"1970-01-01\""},
         {"format_date(\"2027-01-01\", \"%G-W%V %u\")", "\"2026-W53 5\""},
         {"format_date(now(), \"%T\", \"Mars/Base\")",
          "error: 'format_date': unknown time zone 'Mars/Base' (line 1, column 1)"},
         {"format_date(now(), \"%T\", \"../../etc/passwd\")",
          "error: 'format_date': unknown time zone '../../etc/passwd' (line 1, column 1)"},
         {"format_date(now(), \"%\")", "error: 'format_date': the format ends with '%' (line 1, column 1)"}});
}

TEST(TimeFunctions, Arithmetic) {
  check({{"add_time(\"2024-01-31\", 1, \"months\")", "\"2024-02-29T00:00:00.000Z\""},
         {"add_time(\"2024-02-29\", 1, \"year\")", "\"2025-02-28T00:00:00.000Z\""},
         {"add_time(\"2024-03-31\", -1, \"months\")", "\"2024-02-29T00:00:00.000Z\""},
         {"add_time(\"2026-01-20T10:00:00Z\", 36, \"hours\")", "\"2026-01-21T22:00:00.000Z\""},
         {"add_time(\"2026-01-20\", 0.5, \"d\")", "\"2026-01-20T12:00:00.000Z\""},
         {"add_time(\"2026-01-20\", 2, \"w\")", "\"2026-02-03T00:00:00.000Z\""},
         {"add_time(\"2026-01-20\", 1500, \"ms\")", "\"2026-01-20T00:00:01.500Z\""},
         {"add_time(\"9999-12-31\", 2, \"days\")",
          "error: 'add_time': the result is outside the years 1 to 9999 (line 1, column 1)"},
         {"add_time(\"2026-01-20\", 9223372036854775807, \"weeks\")",
          "error: 'add_time': the amount is too large (line 1, column 1)"},
         {"add_time(\"2026-01-20\", 900000000000000, \"weeks\")",
          "error: 'add_time': the result is outside the years 1 to 9999 (line 1, column 1)"},
         {"add_time(\"2026-01-20\", 1.5, \"months\")",
          "error: 'add_time': years and months are whole numbers (line 1, column 1)"},
         {"add_time(\"2026-01-20\", 1, \"eons\")",
          "error: 'add_time': \"eons\" is not a unit; use years, months, weeks, days, hours, minutes, seconds or "
          "milliseconds (line 1, column 1)"},
         {"diff_time(\"2026-01-20T12:00:00Z\", \"2026-01-18\", \"days\")", "2.5"},
         {"diff_time(\"2026-01-18\", \"2026-01-20\", \"days\")", "-2"},
         {"diff_time(\"2026-03-01\", \"2026-01-31\", \"months\")", "1"},
         {"diff_time(\"2026-02-28\", \"2024-02-29\", \"years\")", "2"},
         {"diff_time(\"2025-02-27\", \"2024-02-29\", \"years\")", "0"},
         {"diff_time(100, 40, \"minutes\")", "1"}});
}

TEST(Dates, DaysAndCivilDatesAreInverse) {
  for (std::int64_t days = -719'162; days < 2'932'896; days += 97) {
    const CivilDay civil = civil_from_days(days);
    ASSERT_EQ(days_from_civil(civil.year, civil.month, civil.day), days);
    ASSERT_LE(civil.day, days_in_month(civil.year, civil.month));
  }
  EXPECT_EQ(days_from_civil(1970, 1, 1), 0);
  EXPECT_EQ(days_from_civil(2000, 3, 1), 11'017);
}

std::int64_t at(std::string_view text) {
  std::int64_t moment = 0;
  EXPECT_TRUE(parse_moment(text, moment)) << text;
  return moment / 1'000'000;
}

TEST(TimeZones, OffsetsFollowTheRules) {
  const auto berlin = *TimeZone::find("Europe/Berlin");
  EXPECT_EQ(berlin->offset_at(at("2026-03-29T00:59:59Z")), 3'600);
  EXPECT_EQ(berlin->offset_at(at("2026-03-29T01:00:00Z")), 7'200);
  EXPECT_EQ(berlin->offset_at(at("2026-10-25T00:59:59Z")), 7'200);
  EXPECT_EQ(berlin->offset_at(at("2026-10-25T01:00:00Z")), 3'600);
  EXPECT_EQ(berlin->abbreviation_at(at("2026-07-01")), "CEST");
  // Behind the table, by the rule for all years.
  EXPECT_EQ(berlin->offset_at(at("2060-07-01")), 7'200);
  EXPECT_EQ(berlin->offset_at(at("2060-12-01")), 3'600);
  EXPECT_EQ(berlin->offset_at(at("2060-03-28T00:59:59Z")), 3'600);
  EXPECT_EQ(berlin->offset_at(at("2060-03-28T01:00:00Z")), 7'200);
  const auto sydney = *TimeZone::find("Australia/Sydney");
  EXPECT_EQ(sydney->offset_at(at("2055-01-01")), 39'600);
  EXPECT_EQ(sydney->offset_at(at("2055-07-01")), 36'000);
  EXPECT_EQ((*TimeZone::find("Asia/Tokyo"))->offset_at(at("2070-07-01")), 32'400);
  EXPECT_EQ((*TimeZone::find("America/New_York"))->offset_at(at("1900-01-01")), -18'000);
}

TEST(TimeZones, LocalTimesThatAreSkippedOrTwice) {
  const auto berlin = *TimeZone::find("Europe/Berlin");
  EXPECT_EQ(berlin->to_utc(at("2026-01-20T12:00:00Z")), at("2026-01-20T11:00:00Z"));
  EXPECT_EQ(berlin->to_utc(at("2026-03-29T02:30:00Z")), at("2026-03-29T01:00:00Z"));  // skipped: the next valid moment
  EXPECT_EQ(berlin->to_utc(at("2026-10-25T02:30:00Z")), at("2026-10-25T00:30:00Z"));  // twice: the first
}

TEST(TimeZones, NamesAreChecked) {
  for (const std::string_view bad : {"", "/etc/passwd", "Nope/Nope", "..", "Europe", "+99:00", "+1", "posixrules\n"})
    EXPECT_FALSE(TimeZone::find(bad).has_value()) << bad;
  EXPECT_EQ((*TimeZone::find("-03:30"))->offset_at(0), -12'600);
  EXPECT_EQ((*TimeZone::find("UTC"))->offset_at(0), 0);
}

// Every zone of the system, at moments spread over two centuries and at each change of the clock, as the C library has
// it.
TEST(TimeZones, AgreeWithTheCLibrary) {
  namespace fs = std::filesystem;
  const fs::path root = "/usr/share/zoneinfo";
  int zones = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || entry.path().extension() != "") continue;
    const std::string name = fs::relative(entry.path(), root).string();
    // Copies of the whole tree, with and without leap seconds.
    if (name.starts_with("right/") || name.starts_with("posix/")) continue;
    const auto zone = TimeZone::find(name);
    if (!zone) continue;
    ++zones;
    setenv("TZ", (":" + name).c_str(), 1);
    tzset();
    std::int64_t before = 0;
    for (std::int64_t utc = at("1901-01-01"); utc < at("2100-01-01"); utc += 37 * 86'400 + 3'600) {
      const auto offset = [&](std::int64_t moment) {
        const std::time_t time = moment;
        std::tm tm{};
        localtime_r(&time, &tm);
        return static_cast<std::int64_t>(tm.tm_gmtoff);
      };
      ASSERT_EQ((*zone)->offset_at(utc), offset(utc)) << name << ' ' << utc;
      if (before != 0 && offset(before) != offset(utc)) {
        std::int64_t low = before;
        std::int64_t high = utc;
        while (high - low > 1) {
          const std::int64_t middle = low + (high - low) / 2;
          (offset(middle) == offset(utc) ? high : low) = middle;
        }
        ASSERT_EQ((*zone)->offset_at(low), offset(low)) << name << ' ' << low;
        ASSERT_EQ((*zone)->offset_at(high), offset(high)) << name << ' ' << high;
      }
      before = utc;
    }
  }
  unsetenv("TZ");
  tzset();
  EXPECT_GT(zones, 300);
}

}  // namespace
}  // namespace r8r::expr::testing
