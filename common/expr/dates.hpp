#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/expr/time_zone.hpp"

/// Calendar arithmetic (proleptic Gregorian) and dates as text.
namespace r8r::expr {

struct CivilDay {
  std::int64_t year = 1970;
  int month = 1;
  int day = 1;
};
/// Days since 1970-01-01.
std::int64_t days_from_civil(std::int64_t year, int month, int day);
CivilDay civil_from_days(std::int64_t days);
bool is_leap_year(std::int64_t year);
int days_in_month(std::int64_t year, int month);
inline std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/// Moments here are microseconds since 1970 in UTC, within the years 1 to 9999.
inline constexpr std::int64_t kFirstMoment = -62'135'596'800'000'000;
inline constexpr std::int64_t kLastMoment = 253'402'300'799'999'999;

/// "+02:00", "-0530", "+02", "Z" as seconds.
bool parse_offset(std::string_view text, int& seconds);

/// The usual forms: RFC 3339, with a space for the T, without seconds, zone (UTC then) or time, or a day only.
bool parse_moment(std::string_view text, std::int64_t& moment);
/// By a format like strftime's (%Y %m %d %H %M %S %f %L %y %j %b %B %a %A %p %I %e %z %Z %s %T %F %D %R %n %t %%); what
/// the text leaves out is the start of 1970 in UTC. `problem` says what is wrong.
bool parse_moment(std::string_view text, std::string_view format, std::int64_t& moment, std::string& problem);
/// False with `problem` when the format is wrong.
bool format_moment(std::int64_t moment, std::string_view format, const TimeZone& zone, std::string& out,
                   std::string& problem);

enum class TimeUnit : std::uint8_t { years, months, weeks, days, hours, minutes, seconds, milliseconds };
/// "days", "day", "d" and so on.
bool parse_unit(std::string_view text, TimeUnit& unit);
/// Of the units of fixed length, in microseconds; 0 for years and months.
std::int64_t unit_length(TimeUnit unit);
/// `moment` that many months later; the day is at most the last one of its month.
std::int64_t add_months(std::int64_t moment, std::int64_t months);
/// Whole months from b to a.
std::int64_t months_between(std::int64_t a, std::int64_t b);

}  // namespace r8r::expr
