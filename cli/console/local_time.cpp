#include "cli/console/local_time.hpp"

#include <array>
#include <ctime>

#include "common/base/time.hpp"

namespace r8r::cli {
namespace {

std::string formatted(std::string_view rfc3339, bool utc, const char* format) {
  const auto time = parse_rfc3339(rfc3339);
  if (!time) return std::string(rfc3339);
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count();
  std::tm parts{};
  if (utc) {
    gmtime_r(&seconds, &parts);
  } else {
    localtime_r(&seconds, &parts);
  }
  std::array<char, 64> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), format, &parts);
  return std::string(text.data(), length);
}

}  // namespace

std::string short_time(std::string_view rfc3339, bool utc) {
  return formatted(rfc3339, utc, "%Y-%m-%d %H:%M");
}
std::string full_time(std::string_view rfc3339, bool utc) {
  return formatted(rfc3339, utc, utc ? "%Y-%m-%d %H:%M:%S UTC" : "%Y-%m-%d %H:%M:%S %Z");
}

}  // namespace r8r::cli
