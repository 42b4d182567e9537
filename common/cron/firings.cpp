#include "common/cron/local_match.hpp"
#include "common/expr/dates.hpp"

/// When a schedule fires: local matches turned into moments. All times here are whole seconds.
namespace r8r::cron {
namespace {

using Fields = Schedule::Fields;
using expr::TimeZone;

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kHour = 3'600;
constexpr std::uint64_t kEveryHour = (std::uint64_t{1} << 24) - 1;
constexpr std::int64_t kFirst = expr::kFirstMoment / 1'000'000;
constexpr std::int64_t kLast = expr::kLastMoment / 1'000'000;

/// By the clock on the wall: each matching local time fires once, at TimeZone::to_utc of it. That never decreases from
/// one local time to a later one, so the first local time whose moment is behind `utc` can be searched for.
std::optional<std::int64_t> next_by_clock(const Fields& fields, std::int64_t utc, const TimeZone& zone) {
  // Local time is never further from UTC than a day and some hours.
  std::int64_t low = utc - 2 * kDay;   // its moment is not behind utc
  std::int64_t high = utc + 2 * kDay;  // its moment is
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (zone.to_utc(middle) > utc ? high : low) = middle;
  }
  const auto local = next_local(fields, high);
  if (!local) return std::nullopt;
  return zone.to_utc(*local);
}

/// The moment in (from, to] at which the offset becomes that of `to`.
std::int64_t change_between(std::int64_t from, std::int64_t to, const TimeZone& zone) {
  const int behind = zone.offset_at(to);
  while (to - from > 1) {
    const std::int64_t middle = from + (to - from) / 2;
    (zone.offset_at(middle) == behind ? to : from) = middle;
  }
  return to;
}

/// Whether the clock jumps ahead at `change`, over a match. A jump of whole hours counts as none: it leaves the minutes
/// alone, and a schedule of every hour loses nothing by it.
bool skips_a_match(const Fields& fields, std::int64_t change, const TimeZone& zone) {
  const int before = zone.offset_at(change - 1);
  const int jump = zone.offset_at(change) - before;
  if (jump <= 0 || jump % kHour == 0) return false;
  const auto skipped = next_local(fields, change + before);
  return skipped && *skipped < change + before + jump;
}

/// For schedules of every hour: as time goes by, both passes of an hour that occurs twice included. `utc` is the first
/// moment that counts.
std::optional<std::int64_t> next_as_time_goes(const Fields& fields, std::int64_t utc, const TimeZone& zone) {
  while (utc <= kLast) {
    const int offset = zone.offset_at(utc);
    if (skips_a_match(fields, utc, zone)) return utc;
    const std::int64_t local = utc + offset;
    const std::int64_t day = expr::floor_div(local, kDay);
    const bool today = matches_day(fields, day);
    // A clock that is put back past midnight shows yesterday again.
    if (!today && !matches_day(fields, day - 1)) {
      const auto later = next_day(fields, day + 1);
      if (!later) return std::nullopt;
      utc = std::max(utc + 1, zone.to_utc(*later * kDay));
      continue;
    }
    // One local hour at a time, less when the clock changes within it.
    const std::int64_t end = (expr::floor_div(local, kHour) + 1) * kHour;
    const auto second = today ? next_second(fields, static_cast<int>(local - day * kDay)) : std::nullopt;
    const std::int64_t stop = second ? std::min(day * kDay + *second, end) : end;
    const std::int64_t moment = utc + (stop - local);
    if (zone.offset_at(moment) != offset) {
      utc = change_between(utc, moment, zone);
    } else if (stop < end) {
      return moment;
    } else {
      utc = moment;
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> next_second_after(const Fields& fields, std::int64_t utc, const TimeZone& zone) {
  if (utc < kFirst) utc = kFirst;
  const auto next = (fields.hours & kEveryHour) == kEveryHour ? next_as_time_goes(fields, utc + 1, zone)
                                                              : next_by_clock(fields, utc, zone);
  return next && *next <= kLast ? next : std::nullopt;
}

std::int64_t whole_seconds(Timestamp time) {
  return expr::floor_div(to_unix_us(time), 1'000'000);
}

}  // namespace

std::optional<Timestamp> Schedule::next_after(Timestamp time, const TimeZone& zone) const {
  const auto next = next_second_after(fields_, whole_seconds(time), zone);
  if (!next) return std::nullopt;
  return from_unix_us(*next * 1'000'000);
}

std::optional<Timestamp> Schedule::previous_at_or_before(Timestamp time, const TimeZone& zone) const {
  const std::int64_t now = std::min(whole_seconds(time), kLast);
  const auto fires_within = [&](std::int64_t start) {
    const auto next = next_second_after(fields_, start, zone);
    return next && *next <= now;
  };
  // The latest start from which the next firing is not after now is the second before the last firing.
  constexpr std::int64_t kCentury = 36'525 * kDay;
  std::int64_t span = 1;
  while (!fires_within(now - span)) {
    if (span > kCentury || now - span <= kFirst) return std::nullopt;
    span *= 2;
  }
  std::int64_t low = now - span;
  std::int64_t high = now;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (fires_within(middle) ? low : high) = middle;
  }
  return from_unix_us((low + 1) * 1'000'000);
}

}  // namespace r8r::cron
