#include "common/cron/local_match.hpp"

#include <bit>

#include "common/expr/dates.hpp"

namespace r8r::cron {
namespace {

using Fields = Schedule::Fields;

constexpr std::int64_t kDay = 86'400;
// 29 February on a given weekday is at most 40 years away; a schedule without a match in a hundred years has none.
constexpr int kYears = 100;

// The lowest member of `set` that is not below `from`, or -1.
int lowest(std::uint64_t set, int from) {
  if (from >= 64) return -1;
  const std::uint64_t left = set & (~std::uint64_t{0} << from);
  return left == 0 ? -1 : std::countr_zero(left);
}

bool holds(std::uint64_t set, std::int64_t member) {
  return (set >> member & 1) != 0;
}

bool matches_date(const Fields& fields, int day_of_month, int weekday) {
  const bool day = holds(fields.days, day_of_month);
  const bool week = holds(fields.weekdays, weekday);
  return fields.any_day || fields.any_weekday ? day && week : day || week;
}

int weekday_of(std::int64_t day) {
  return static_cast<int>(((day + 4) % 7 + 7) % 7);
}

}  // namespace

bool matches_day(const Fields& fields, std::int64_t day) {
  const expr::CivilDay civil = expr::civil_from_days(day);
  return holds(fields.months, civil.month) && matches_date(fields, civil.day, weekday_of(day));
}

std::optional<std::int64_t> next_day(const Fields& fields, std::int64_t day) {
  expr::CivilDay civil = expr::civil_from_days(day);
  for (int month = 0; month <= kYears * 12; ++month) {
    if (holds(fields.months, civil.month)) {
      const int last = expr::days_in_month(civil.year, civil.month);
      const std::int64_t first = expr::days_from_civil(civil.year, civil.month, 1);
      for (int d = civil.day; d <= last; ++d) {
        if (matches_date(fields, d, weekday_of(first + d - 1))) return first + d - 1;
      }
    }
    civil.day = 1;
    if (++civil.month > 12) {
      civil.month = 1;
      ++civil.year;
    }
  }
  return std::nullopt;
}

std::optional<int> next_second(const Fields& fields, int second) {
  int hour = second / 3'600;
  int minute = second / 60 % 60;
  int rest = lowest(fields.seconds, second % 60);
  if (rest < 0 || !holds(fields.minutes, minute) || !holds(fields.hours, hour)) {
    // Nothing in this minute: the first second of a later one.
    rest = lowest(fields.seconds, 0);
    minute = holds(fields.hours, hour) ? lowest(fields.minutes, minute + 1) : -1;
    // A minute that matches but whose seconds are over is left by this too.
    if (minute < 0) {
      hour = lowest(fields.hours, hour + 1);
      minute = lowest(fields.minutes, 0);
    }
    if (hour < 0) return std::nullopt;
  }
  return hour * 3'600 + minute * 60 + rest;
}

std::optional<std::int64_t> next_local(const Fields& fields, std::int64_t local) {
  const std::int64_t day = expr::floor_div(local, kDay);
  if (matches_day(fields, day)) {
    if (const auto second = next_second(fields, static_cast<int>(local - day * kDay))) return day * kDay + *second;
  }
  const auto later = next_day(fields, day + 1);
  if (!later) return std::nullopt;
  return *later * kDay + *next_second(fields, 0);
}

}  // namespace r8r::cron
