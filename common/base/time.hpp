#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace r8r {

/// Wall-clock time, UTC, in microseconds (PostgreSQL's resolution).
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

Timestamp wall_now();

/// Microseconds since 1970-01-01T00:00:00Z.
inline std::int64_t to_unix_us(Timestamp time) {
  return time.time_since_epoch().count();
}
inline Timestamp from_unix_us(std::int64_t us) {
  return Timestamp(std::chrono::microseconds(us));
}

/// RFC 3339 in UTC with milliseconds: 2026-01-20T14:30:00.120Z.
std::string to_rfc3339(Timestamp time);
/// RFC 3339 with `Z` or an offset and any number of fraction digits; anything else is nullopt.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace r8r
