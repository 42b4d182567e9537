#include "services/api/waiting.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace r8r::api {

Result<void> read_waiting(const RequestBody& body, const Preferences& preferences, std::chrono::seconds longest,
                          Waiting& out) {
  Result<std::optional<bool>> wait = body.flag("wait");
  if (!wait) return fail(std::move(wait.error()));
  Result<std::optional<double>> seconds = body.number("timeout_seconds");
  if (!seconds) return fail(std::move(seconds.error()));

  const auto most = static_cast<double>(longest.count());
  double limit = std::min(300.0, most);
  if (*seconds) {
    if (!(**seconds > 0) || **seconds > most)
      return invalid_field("timeout_seconds",
                           fmt::format("field 'timeout_seconds' must be more than 0 and at most {}", most));
    limit = **seconds;
  } else if (preferences.wait_seconds) {
    limit = std::min(*preferences.wait_seconds, most);
    out.preference_applied = fmt::format("wait={:.0f}", limit);
  }
  out.timeout = std::chrono::milliseconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(limit * 1000)));

  if (*wait) {
    out.wait = **wait;
  } else if (preferences.respond_async) {
    out.wait = false;
    out.preference_applied = "respond-async";
  }
  return {};
}

}  // namespace r8r::api
