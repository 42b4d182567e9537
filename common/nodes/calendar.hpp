#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/expr/dates.hpp"

/// Calendar arithmetic as somebody in a time zone sees it. Moments are microseconds since 1970 (expr::kFirstMoment to
/// kLastMoment); nothing comes back when a result would lie outside.
namespace r8r::nodes {

/// The clock on the wall there, as microseconds as if it were UTC.
std::int64_t local_time(std::int64_t moment, const expr::TimeZone& zone);

/// Years, months, weeks and days keep the time of day there, months end with their last day; everything shorter, and
/// parts of a day or week, is elapsed time. Years and months must be whole: see expr::unit_length.
std::optional<std::int64_t> add_time(std::int64_t moment, double amount, expr::TimeUnit unit,
                                     const expr::TimeZone& zone);

/// From `from` to `to`: whole years and months, calendar days and weeks by the clock there, elapsed time for the rest.
double time_between(std::int64_t from, std::int64_t to, expr::TimeUnit unit, const expr::TimeZone& zone);

/// The first moment of the year, quarter, month, week (from Monday), day, hour, minute or second.
std::optional<std::int64_t> start_of(std::int64_t moment, std::string_view period, const expr::TimeZone& zone);
/// Its last millisecond.
std::optional<std::int64_t> end_of(std::int64_t moment, std::string_view period, const expr::TimeZone& zone);

/// year, quarter, month, week (ISO), day, hour, minute, second, millisecond, weekday (1 is Monday), day_of_year,
/// timestamp.
std::int64_t part_of(std::int64_t moment, std::string_view part, const expr::TimeZone& zone);

}  // namespace r8r::nodes
