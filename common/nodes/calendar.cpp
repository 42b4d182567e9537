#include "common/nodes/calendar.hpp"

#include <cmath>

namespace r8r::nodes {
namespace {

using expr::floor_div;
using expr::TimeUnit;
using expr::TimeZone;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

std::optional<std::int64_t> bounded(std::int64_t moment) {
  if (moment < expr::kFirstMoment || moment > expr::kLastMoment) return std::nullopt;
  return moment;
}

std::int64_t to_moment(std::int64_t local, const TimeZone& zone) {
  const std::int64_t seconds = floor_div(local, kSecond);
  return zone.to_utc(seconds) * kSecond + (local - seconds * kSecond);
}

// Periods whose starts follow from the date.
std::optional<std::int64_t> first_day(std::int64_t day, std::string_view period) {
  const expr::CivilDay civil = expr::civil_from_days(day);
  if (period == "year") return expr::days_from_civil(civil.year, 1, 1);
  if (period == "quarter") return expr::days_from_civil(civil.year, (civil.month - 1) / 3 * 3 + 1, 1);
  if (period == "month") return expr::days_from_civil(civil.year, civil.month, 1);
  // 1970-01-01 was a Thursday.
  if (period == "week") return day - (day + 3 - floor_div(day + 3, 7) * 7);
  if (period == "day") return day;
  return std::nullopt;
}

std::int64_t day_behind(std::int64_t first, std::string_view period) {
  const expr::CivilDay civil = expr::civil_from_days(first);
  if (period == "week") return first + 7;
  if (period == "day") return first + 1;
  const int months = period == "year" ? 12 : period == "quarter" ? 3 : 1;
  const int month = civil.month + months;
  return expr::days_from_civil(civil.year + (month > 12 ? 1 : 0), month > 12 ? month - 12 : month, 1);
}

std::int64_t short_length(std::string_view period) {
  return period == "hour" ? 3'600 * kSecond : period == "minute" ? 60 * kSecond : kSecond;
}

}  // namespace

std::int64_t local_time(std::int64_t moment, const TimeZone& zone) {
  return moment + zone.offset_at(floor_div(moment, kSecond)) * kSecond;
}

std::optional<std::int64_t> add_time(std::int64_t moment, double amount, TimeUnit unit, const TimeZone& zone) {
  const std::int64_t length = expr::unit_length(unit);
  const bool whole = amount == std::trunc(amount);
  // Anything past this is past the calendar; it keeps what follows in range.
  const double longest = length == 0 ? static_cast<double>(28 * kDay) : static_cast<double>(length);
  if (!(std::fabs(amount) * longest < 4e17)) return std::nullopt;
  const auto count = static_cast<std::int64_t>(amount);
  if (length == 0) {
    const std::int64_t months = count * (unit == TimeUnit::years ? 12 : 1);
    return bounded(to_moment(expr::add_months(local_time(moment, zone), months), zone));
  }
  if (whole && (unit == TimeUnit::days || unit == TimeUnit::weeks))
    return bounded(to_moment(local_time(moment, zone) + count * length, zone));
  return bounded(moment + (whole ? count * length : std::llround(amount * static_cast<double>(length))));
}

double time_between(std::int64_t from, std::int64_t to, TimeUnit unit, const TimeZone& zone) {
  const std::int64_t length = expr::unit_length(unit);
  const bool by_clock = length == 0 || unit == TimeUnit::days || unit == TimeUnit::weeks;
  const std::int64_t begin = by_clock ? local_time(from, zone) : from;
  const std::int64_t end = by_clock ? local_time(to, zone) : to;
  if (length == 0) return static_cast<double>(expr::months_between(end, begin) / (unit == TimeUnit::years ? 12 : 1));
  return static_cast<double>(end - begin) / static_cast<double>(length);
}

std::optional<std::int64_t> start_of(std::int64_t moment, std::string_view period, const TimeZone& zone) {
  const std::int64_t local = local_time(moment, zone);
  if (const auto day = first_day(floor_div(local, kDay), period)) return bounded(to_moment(*day * kDay, zone));
  // An hour that occurs twice begins with its own pass: only the offset of the moment itself counts.
  const std::int64_t length = short_length(period);
  return bounded(moment - (local - floor_div(local, length) * length));
}

std::optional<std::int64_t> end_of(std::int64_t moment, std::string_view period, const TimeZone& zone) {
  const std::int64_t local = local_time(moment, zone);
  if (const auto day = first_day(floor_div(local, kDay), period))
    return bounded(to_moment(day_behind(*day, period) * kDay, zone) - 1'000);
  const std::int64_t length = short_length(period);
  return bounded(moment - (local - floor_div(local, length) * length) + length - 1'000);
}

std::int64_t part_of(std::int64_t moment, std::string_view part, const TimeZone& zone) {
  const std::int64_t local = local_time(moment, zone);
  const std::int64_t day = floor_div(local, kDay);
  const std::int64_t time = local - day * kDay;
  const expr::CivilDay civil = expr::civil_from_days(day);
  const std::int64_t from_monday = day + 3 - floor_div(day + 3, 7) * 7;
  if (part == "year") return civil.year;
  if (part == "quarter") return (civil.month - 1) / 3 + 1;
  if (part == "month") return civil.month;
  if (part == "day") return civil.day;
  if (part == "hour") return time / (3'600 * kSecond);
  if (part == "minute") return time / (60 * kSecond) % 60;
  if (part == "second") return time / kSecond % 60;
  if (part == "millisecond") return time / 1'000 % 1'000;
  if (part == "weekday") return from_monday + 1;
  if (part == "day_of_year") return day - expr::days_from_civil(civil.year, 1, 1) + 1;
  if (part == "timestamp") return floor_div(moment, kSecond);
  // The ISO week belongs to the year of its Thursday.
  const std::int64_t thursday = day - from_monday + 3;
  return (thursday - expr::days_from_civil(expr::civil_from_days(thursday).year, 1, 1)) / 7 + 1;
}

}  // namespace r8r::nodes
