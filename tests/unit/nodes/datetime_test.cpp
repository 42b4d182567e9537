#include <gtest/gtest.h>

#include "common/expr/json.hpp"
#include "tests/unit/nodes/running.hpp"

namespace r8r::nodes {
namespace {

/// The result of a datetime node as JSON, text without its quotes; or its error.
std::string result_of(std::string_view config, std::string_view input = "null") {
  const NodeRun run = run_one("datetime", config, input);
  if (run.outcome != Outcome::completed) return fmt::format("{}: {}", run.error_code, run.error);
  const auto output = expr::parse_json(run.output);
  const expr::Value& result = *output->as_map().find("result");
  return result.is_string() ? std::string(result.as_string()) : expr::to_json(result);
}

std::string at(std::string_view operation, std::string_view date, std::string_view more) {
  return result_of(fmt::format("{{operation: {}, date: '{}', {}}}", operation, date, more));
}

TEST(DatetimeNode, NowIsTheTasksClock) {
  EXPECT_EQ(result_of("{operation: now}"), "2026-01-20T14:30:05.000Z");
  EXPECT_EQ(result_of("{operation: now, timezone: America/New_York}"), "2026-01-20T09:30:05.000-05:00");
  EXPECT_EQ(result_of("{operation: now, timezone: '+05:30', format: '%H:%M %z'}"), "20:00 +0530");
  EXPECT_EQ(result_of("{operation: add, amount: 1, unit: days}"), "2026-01-21T14:30:05.000Z");
}

TEST(DatetimeNode, DatesAreReadInTheUsualForms) {
  EXPECT_EQ(at("parse", "2026-01-20", "timezone: UTC"), "2026-01-20T00:00:00.000+00:00");
  EXPECT_EQ(result_of("{operation: parse, date: '2026-01-20T14:30:00+02:00'}"), "2026-01-20T12:30:00.000Z");
  EXPECT_EQ(result_of("{operation: parse, input: 1768919400}"), "2026-01-20T14:30:00.000Z");
  EXPECT_EQ(result_of("{operation: parse, date: '20.01.2026 15:05', input_format: '%d.%m.%Y %H:%M'}"),
            "2026-01-20T15:05:00.000Z");
  EXPECT_EQ(result_of("{operation: parse, date_field: order.at}", R"({"order":{"at":"2026-01-20 10:00"}})"),
            "2026-01-20T10:00:00.000Z");
  EXPECT_EQ(result_of("{operation: parse, date: '{{ input.at }}'}", R"({"at":"2026-01-20"})"),
            "2026-01-20T00:00:00.000Z");
}

TEST(DatetimeNode, FormatsAndConverts) {
  EXPECT_EQ(at("format", "2026-07-01T12:00:00Z", "format: '%a %-d %B %Y %H:%M %Z', timezone: Europe/Berlin"),
            "Wed 1 July 2026 14:00 CEST");
  EXPECT_EQ(at("convert", "2026-07-01T12:00:00Z", "timezone: Asia/Kolkata"), "2026-07-01T17:30:00.000+05:30");
  EXPECT_EQ(at("convert", "2060-07-01T12:00:00Z", "timezone: Europe/Berlin"), "2060-07-01T14:00:00.000+02:00");
}

TEST(DatetimeNode, AddsEveryUnit) {
  const auto added = [](std::string_view amount, std::string_view unit) {
    return at("add", "2024-01-31T10:00:00Z", fmt::format("amount: {}, unit: {}", amount, unit));
  };
  EXPECT_EQ(added("1", "years"), "2025-01-31T10:00:00.000Z");
  EXPECT_EQ(added("1", "months"), "2024-02-29T10:00:00.000Z");
  EXPECT_EQ(added("13", "month"), "2025-02-28T10:00:00.000Z");
  EXPECT_EQ(added("2", "weeks"), "2024-02-14T10:00:00.000Z");
  EXPECT_EQ(added("1.5", "days"), "2024-02-01T22:00:00.000Z");
  EXPECT_EQ(added("-36", "hours"), "2024-01-29T22:00:00.000Z");
  EXPECT_EQ(added("90", "minutes"), "2024-01-31T11:30:00.000Z");
  EXPECT_EQ(added("0.5", "seconds"), "2024-01-31T10:00:00.500Z");
  EXPECT_EQ(added("1500", "milliseconds"), "2024-01-31T10:00:01.500Z");
  EXPECT_EQ(at("subtract", "2024-03-31", "amount: 1, unit: month"), "2024-02-29T00:00:00.000Z");
  EXPECT_EQ(at("subtract", "2024-02-29", "amount: 1, unit: year"), "2023-02-28T00:00:00.000Z");
}

TEST(DatetimeNode, ADayKeepsTheTimeOfDayWhereClocksChange) {
  // Clocks in Berlin go ahead on 29 March 2026.
  EXPECT_EQ(at("add", "2026-03-28T11:00:00Z", "amount: 1, unit: day, timezone: Europe/Berlin"),
            "2026-03-29T12:00:00.000+02:00");
  EXPECT_EQ(at("add", "2026-03-28T11:00:00Z", "amount: 24, unit: hours, timezone: Europe/Berlin"),
            "2026-03-29T13:00:00.000+02:00");
  // A time that is not there: the next one that is.
  EXPECT_EQ(at("add", "2026-03-28T01:30:00Z", "amount: 1, unit: day, timezone: Europe/Berlin"),
            "2026-03-29T03:00:00.000+02:00");
  EXPECT_EQ(at("diff", "2026-03-28T11:00:00Z", "date2: '2026-03-29T10:00:00Z', unit: days, timezone: Europe/Berlin"),
            "1");
}

TEST(DatetimeNode, DiffGoesFromTheFirstDateToTheSecond) {
  const auto between = [](std::string_view a, std::string_view b, std::string_view unit) {
    return at("diff", a, fmt::format("date2: '{}', unit: {}", b, unit));
  };
  EXPECT_EQ(between("2026-01-18", "2026-01-20T12:00:00Z", "days"), "2.5");
  EXPECT_EQ(between("2026-01-20", "2026-01-18", "days"), "-2");
  EXPECT_EQ(between("2026-01-31", "2026-03-01", "months"), "1");
  EXPECT_EQ(between("2024-02-29", "2026-02-28", "years"), "2");
  EXPECT_EQ(between("2026-01-20T00:00:00Z", "2026-01-20T00:00:01.5Z", "milliseconds"), "1500");
  EXPECT_EQ(at("diff", "2026-01-20T00:00:00Z", "other: '2026-01-20T00:01:00Z'"), "60");
}

TEST(DatetimeNode, Periods) {
  const auto start = [](std::string_view period) {
    return at("start_of", "2026-08-20T14:35:45.678Z", fmt::format("period: {}", period));
  };
  EXPECT_EQ(start("year"), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(start("quarter"), "2026-07-01T00:00:00.000Z");
  EXPECT_EQ(start("month"), "2026-08-01T00:00:00.000Z");
  EXPECT_EQ(start("week"), "2026-08-17T00:00:00.000Z");
  EXPECT_EQ(start("day"), "2026-08-20T00:00:00.000Z");
  EXPECT_EQ(start("hour"), "2026-08-20T14:00:00.000Z");
  EXPECT_EQ(start("minute"), "2026-08-20T14:35:00.000Z");
  EXPECT_EQ(start("second"), "2026-08-20T14:35:45.000Z");
  const auto end = [](std::string_view period) {
    return at("end_of", "2024-02-11T14:35:45.678Z", fmt::format("period: {}", period));
  };
  EXPECT_EQ(end("year"), "2024-12-31T23:59:59.999Z");
  EXPECT_EQ(end("quarter"), "2024-03-31T23:59:59.999Z");
  EXPECT_EQ(end("month"), "2024-02-29T23:59:59.999Z");
  EXPECT_EQ(end("week"), "2024-02-11T23:59:59.999Z");
  EXPECT_EQ(end("day"), "2024-02-11T23:59:59.999Z");
  EXPECT_EQ(end("hour"), "2024-02-11T14:59:59.999Z");
  EXPECT_EQ(at("end_of", "9999-12-31", "period: year"), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(at("start_of", "2026-08-20", "unit: months"), "2026-08-01T00:00:00.000Z");
  EXPECT_EQ(at("start_of", "2026-10-25T12:00:00Z", "period: day, timezone: Europe/Berlin"),
            "2026-10-25T00:00:00.000+02:00");
  EXPECT_EQ(at("end_of", "2026-10-25T00:00:00Z", "period: day, timezone: Europe/Berlin"),
            "2026-10-25T23:59:59.999+01:00");
}

TEST(DatetimeNode, ComparesAndExtracts) {
  EXPECT_EQ(at("compare", "2026-01-20", "date2: '2026-01-21'"), "-1");
  EXPECT_EQ(at("compare", "2026-01-20T01:00:00+01:00", "date2: '2026-01-20'"), "0");
  EXPECT_EQ(at("compare", "2026-01-22", "date2: '2026-01-21'"), "1");
  const auto part = [](std::string_view name) {
    return at("extract", "2027-01-01T14:35:45.678Z", fmt::format("extract: {}", name));
  };
  EXPECT_EQ(part("year"), "2027");
  EXPECT_EQ(part("quarter"), "1");
  EXPECT_EQ(part("month"), "1");
  EXPECT_EQ(part("week"), "53");
  EXPECT_EQ(part("day"), "1");
  EXPECT_EQ(part("hour"), "14");
  EXPECT_EQ(part("minute"), "35");
  EXPECT_EQ(part("second"), "45");
  EXPECT_EQ(part("millisecond"), "678");
  EXPECT_EQ(part("weekday"), "5");
  EXPECT_EQ(part("day_of_year"), "1");
  EXPECT_EQ(part("timestamp"), "1798814145");
  EXPECT_EQ(at("extract", "2026-12-31T23:30:00Z", "extract: year, timezone: Asia/Tokyo"), "2027");
}

TEST(DatetimeNode, MistakesAreNamed) {
  EXPECT_EQ(
      at("parse", "tomorrow", "timezone: UTC"),
      "INVALID_INPUT: date: 'tomorrow' is not a date; use 2026-01-20 or 2026-01-20T14:30:00Z, or give input_format");
  EXPECT_EQ(at("parse", "2026", "input_format: '%d.%m'"),
            "INVALID_INPUT: date: '2026' does not match the input_format '%d.%m'");
  EXPECT_EQ(at("parse", "2026", "input_format: '%Q'"),
            "INVALID_CONFIG: input_format: unknown conversion '%Q' in the format");
  EXPECT_EQ(result_of("{operation: parse, date: '{{ input.x }}'}", "{}"),
            "INVALID_INPUT: date: a date is text or a number of seconds since 1970, not null");
  EXPECT_EQ(result_of("{operation: parse, date_field: x}", "{}"),
            "INVALID_INPUT: date_field: a date is text or a number of seconds since 1970, not null");
  EXPECT_EQ(
      result_of("{operation: parse, date: 1768919400000}"),
      "INVALID_INPUT: date: 1768919400000 seconds are outside the years 1 to 9999; milliseconds have to be divided "
      "by 1000");
  EXPECT_EQ(at("add", "9999-12-31", "amount: 2, unit: days"),
            "INVALID_INPUT: the result is outside the years 1 to 9999");
  EXPECT_EQ(at("add", "2026-01-01", "amount: 1000000000000000, unit: years"),
            "INVALID_INPUT: the result is outside the years 1 to 9999");
  EXPECT_EQ(at("add", "2026-01-01", "amount: 1.5, unit: months"),
            "INVALID_CONFIG: amount: years and months are whole numbers, not 1.5");
  EXPECT_EQ(result_of("{operation: add, date: '2026-01-01', amount: 1, unit: '{{ input }}'}", R"("eons")"),
            "INVALID_CONFIG: unit: 'eons' is not a unit; use years, months, weeks, days, hours, minutes, seconds or "
            "milliseconds");
  EXPECT_EQ(result_of("{operation: now, timezone: '{{ input }}'}", R"("Mars/Base")"),
            "INVALID_CONFIG: timezone: unknown time zone 'Mars/Base'");
  EXPECT_EQ(at("start_of", "2026-01-01", "unit: milliseconds"),
            "INVALID_CONFIG: period: it must be one of year, quarter, month, week, day, hour, minute, second, not "
            "'millisecond'");
}

}  // namespace
}  // namespace r8r::nodes
