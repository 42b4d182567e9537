#include "services/api/monitor_access.hpp"

#include <algorithm>

#include "services/api/api_error.hpp"

namespace r8r::api {
namespace {

constexpr std::string_view kTokenProtocol = "r8r.token.";

bool same_origin(const http::Request& request, std::string_view origin) {
  const auto host = request.header("host");
  const auto scheme_end = origin.find("://");
  return host && scheme_end != std::string_view::npos && origin.substr(scheme_end + 3) == *host;
}

std::vector<std::string_view> offered_protocols(const http::Request& request) {
  std::vector<std::string_view> protocols;
  std::string_view rest = request.header("sec-websocket-protocol").value_or("");
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    std::string_view item = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    protocols.push_back(item);
  }
  return protocols;
}

}  // namespace

std::optional<std::string> monitor_token_of(const http::Request& request) {
  if (const auto query = request.query_value("token")) return std::string(*query);
  if (const auto header = credential_of(request)) return std::string(*header);
  for (const std::string_view protocol : offered_protocols(request)) {
    if (protocol.starts_with(kTokenProtocol)) return std::string(protocol.substr(kTokenProtocol.size()));
  }
  return std::nullopt;
}

std::string monitor_subprotocol(const http::Request& request) {
  for (const std::string_view protocol : offered_protocols(request)) {
    if (protocol == "r8r" || protocol.starts_with(kTokenProtocol)) return "r8r";
  }
  return {};
}

MonitorAccess::MonitorAccess(Rules rules, const Authenticator& keys, const Cors& cors)
    : rules_(std::move(rules)), token_(rules_.token), keys_(keys), cors_(cors) {}

std::optional<http::Response> MonitorAccess::check(const http::Request& request) const {
  const std::optional<std::string> given = monitor_token_of(request);
  if (given && !rules_.is_public) {
    // Both are compared whatever the first says.
    const bool is_token = token_.matches(*given);
    const bool is_key = keys_.knows(*given);
    if (is_token || is_key) return std::nullopt;
    const bool closed = token_.is_set() || !keys_.is_open();
    if (closed || !rules_.loopback) return unauthorized(request, Access::wrong, "The monitor token");
  }
  if (!rules_.is_public && !open_by_default()) return unauthorized(request, Access::missing, "A monitor token");
  if (const auto origin = request.header("origin");
      origin && !same_origin(request, *origin) && !cors_.allows(*origin)) {
    return error_response(request, ApiError(ErrorCode::forbidden, "Pages of this origin may not watch"));
  }
  return std::nullopt;
}

}  // namespace r8r::api
