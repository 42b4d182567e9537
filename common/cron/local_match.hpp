#pragma once
#include <cstdint>
#include <optional>

#include "common/cron/schedule.hpp"

/// Where a schedule matches on a clock that never changes; internal to common/cron. Local times are seconds since
/// 1970-01-01T00:00:00 on that clock.
namespace r8r::cron {

bool matches_day(const Schedule::Fields& fields, std::int64_t day);
/// The first day from `day` on that matches; nothing when there is none for a hundred years.
std::optional<std::int64_t> next_day(const Schedule::Fields& fields, std::int64_t day);
/// The first second of a day, from `second` on, that matches.
std::optional<int> next_second(const Schedule::Fields& fields, int second);
/// The first local time from `local` on that matches; nothing when there is none for a hundred years.
std::optional<std::int64_t> next_local(const Schedule::Fields& fields, std::int64_t local);

}  // namespace r8r::cron
