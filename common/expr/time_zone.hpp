#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

namespace r8r::expr {

/// A time zone: how far local time is ahead of UTC at each moment. From the system's zoneinfo files, or a fixed offset.
class TimeZone {
 public:
  /// "Europe/Berlin", "UTC", "Z", "+02:00". Read once per thread, kept.
  static Result<std::shared_ptr<const TimeZone>> find(std::string_view name);

  /// Seconds ahead of UTC at a moment given in Unix seconds.
  int offset_at(std::int64_t utc) const;
  /// The abbreviation then: "CET".
  std::string_view abbreviation_at(std::int64_t utc) const;
  /// The moment at which clocks there show `local` (Unix seconds as if it were UTC). A time that is skipped gives the
  /// first valid moment behind the gap, one that occurs twice the first of both.
  std::int64_t to_utc(std::int64_t local) const;

 private:
  struct Kind {
    int offset = 0;
    std::string abbreviation;
  };
  struct Change {
    std::int64_t at = 0;  ///< Unix seconds
    std::size_t kind = 0;
  };
  /// Mm.w.d/time of the rule for all years behind the table.
  struct YearDay {
    int month = 0, week = 0, weekday = 0;
    int day = -1;  ///< of the forms Jn and n
    bool leap_counts = false;
    int seconds = 7200;  ///< local time of day
  };
  struct Rule {
    bool known = false;
    bool has_summer = false;
    Kind standard, summer;
    YearDay begins, ends;
  };
  static Result<TimeZone> read(std::string_view name);
  bool parse_file(std::string_view data);
  bool parse_rule(std::string_view text);
  const Kind& kind_at(std::int64_t utc) const;
  static std::int64_t moment_of(const YearDay& day, std::int64_t year, int offset);

  std::vector<Kind> kinds_;
  std::vector<Change> changes_;
  Rule rule_;
};

}  // namespace r8r::expr
