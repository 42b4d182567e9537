#include "common/expr/dates.hpp"

#include <fmt/format.h>

namespace r8r::expr {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kSecond = 1'000'000;

struct UnitName {
  std::string_view plural, singular, brief;
  TimeUnit unit;
  std::int64_t length;
};
constexpr UnitName kUnits[] = {{"years", "year", "y", TimeUnit::years, 0},
                               {"months", "month", "mo", TimeUnit::months, 0},
                               {"weeks", "week", "w", TimeUnit::weeks, 7 * kDay* kSecond},
                               {"days", "day", "d", TimeUnit::days, kDay* kSecond},
                               {"hours", "hour", "h", TimeUnit::hours, 3'600 * kSecond},
                               {"minutes", "minute", "min", TimeUnit::minutes, 60 * kSecond},
                               {"seconds", "second", "s", TimeUnit::seconds, kSecond},
                               {"milliseconds", "millisecond", "ms", TimeUnit::milliseconds, 1'000}};

}  // namespace

std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  // Years that begin in March put the leap day last; 400 of them are 146,097 days.
  year -= month <= 2;
  const std::int64_t era = floor_div(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

CivilDay civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = floor_div(days, 146'097);
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  CivilDay civil;
  civil.day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  civil.month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  civil.year = year_of_era + era * 400 + (civil.month <= 2);
  return civil;
}

bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(std::int64_t year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

bool parse_unit(std::string_view text, TimeUnit& unit) {
  for (const UnitName& name : kUnits) {
    if (text != name.plural && text != name.singular && text != name.brief) continue;
    unit = name.unit;
    return true;
  }
  return false;
}

std::int64_t unit_length(TimeUnit unit) {
  return kUnits[static_cast<int>(unit)].length;
}

std::int64_t add_months(std::int64_t moment, std::int64_t months) {
  const std::int64_t days = floor_div(moment, kDay * kSecond);
  const std::int64_t rest = moment - days * kDay * kSecond;
  CivilDay civil = civil_from_days(days);
  const std::int64_t total = civil.year * 12 + civil.month - 1 + months;
  civil.year = floor_div(total, 12);
  civil.month = static_cast<int>(total - civil.year * 12) + 1;
  civil.day = std::min(civil.day, days_in_month(civil.year, civil.month));
  return days_from_civil(civil.year, civil.month, civil.day) * kDay * kSecond + rest;
}

std::int64_t months_between(std::int64_t a, std::int64_t b) {
  if (a < b) return -months_between(b, a);
  const CivilDay later = civil_from_days(floor_div(a, kDay * kSecond));
  const CivilDay earlier = civil_from_days(floor_div(b, kDay * kSecond));
  std::int64_t months = (later.year - earlier.year) * 12 + later.month - earlier.month;
  if (months > 0 && add_months(b, months) > a) --months;
  return months;
}

}  // namespace r8r::expr
