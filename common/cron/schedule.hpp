#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "common/base/time.hpp"
#include "common/expr/time_zone.hpp"

/// Cron schedules: text to a checked form, and the times at which one fires.
namespace r8r::cron {

/// What is wrong with the text of a schedule.
struct Problem {
  int column = 1;  ///< 1-based, in characters of the text
  std::string message;
  std::string hint;  ///< may be empty
};

/// A schedule that fires at some time: 5 fields (minute, hour, day of month, month, day of week), 6 (second first), or
/// @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually. Immutable, cheap to copy.
///
/// When both days are restricted (neither begins with `*`), a day matches if either does, as in Vixie cron.
/// What happens where clocks change is in docs/decisions/006-cron-and-time-zones.md.
class Schedule {
 public:
  static tl::expected<Schedule, Problem> parse(std::string_view text);

  /// The first firing after `time`, whole seconds; nothing behind the year 9999. At most some thousand steps, whatever
  /// the schedule.
  std::optional<Timestamp> next_after(Timestamp time, const expr::TimeZone& zone) const;
  /// The last firing that is not after `time`: what a scheduler that slept until then has missed. Nothing when the last
  /// one is more than a century ago.
  std::optional<Timestamp> previous_at_or_before(Timestamp time, const expr::TimeZone& zone) const;

  /// As it was written, without blanks around it.
  const std::string& text() const { return text_; }

  /// Sets of values, a bit for each.
  struct Fields {
    std::uint64_t seconds = 0;
    std::uint64_t minutes = 0;
    std::uint64_t hours = 0;
    std::uint64_t days = 0;      ///< of the month, from bit 1
    std::uint64_t months = 0;    ///< from bit 1
    std::uint64_t weekdays = 0;  ///< bit 0 is Sunday
    bool any_day = false;        ///< the field begins with `*`
    bool any_weekday = false;
  };
  const Fields& fields() const { return fields_; }

 private:
  Schedule(std::string text, const Fields& fields) : text_(std::move(text)), fields_(fields) {}

  std::string text_;
  Fields fields_;
};

}  // namespace r8r::cron
