#pragma once
#include <string>
#include <string_view>

namespace r8r::cli {

/// An RFC 3339 time of the API for a person, in local time or UTC: "2026-01-20 14:30", the full form with seconds and
/// the zone.
/// What is not such a time comes back as it is.
std::string short_time(std::string_view rfc3339, bool utc);
std::string full_time(std::string_view rfc3339, bool utc);

}  // namespace r8r::cli
