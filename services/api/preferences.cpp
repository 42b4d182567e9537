#include "services/api/preferences.hpp"

#include <algorithm>
#include <charconv>

namespace r8r::api {

Preferences preferences_of(const http::Request& request) {
  Preferences preferences;
  const auto header = request.header("prefer");
  if (!header) return preferences;
  std::string_view rest = *header;
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of(",;"), rest.size());
    std::string_view item = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (item == "respond-async") {
      preferences.respond_async = true;
    } else if (item == "return=representation") {
      preferences.representation = true;
    } else if (item.starts_with("wait=")) {
      int seconds = 0;
      const auto [stop, error] = std::from_chars(item.data() + 5, item.data() + item.size(), seconds);
      if (error == std::errc() && stop == item.data() + item.size() && seconds > 0) preferences.wait_seconds = seconds;
    }
  }
  return preferences;
}

}  // namespace r8r::api
