#include "services/api/cors.hpp"

#include <algorithm>

#include "common/base/log.hpp"

namespace r8r::api {
namespace {

constexpr std::string_view kDefaultOrigin = "http://localhost:3000";
constexpr const char* kMethods = "GET, POST, PUT, PATCH, DELETE, OPTIONS";
constexpr const char* kRequestHeaders =
    "Content-Type, Authorization, X-API-Key, X-Request-ID, Idempotency-Key, If-Match, traceparent";
constexpr const char* kExposedHeaders = "X-Request-ID, Location, ETag, Retry-After";

// scheme://host[:port], nothing after.
bool is_origin(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto scheme_char = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
  };
  if (!std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), scheme_char)) return false;
  const std::string_view host = text.substr(colon + 3);
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-._:[]").find(c) != std::string_view::npos;
  });
}

}  // namespace

Cors::Cors(std::string_view origins, bool allow_all) : allow_all_(allow_all) {
  while (!origins.empty()) {
    const auto end = std::min(origins.find(','), origins.size());
    std::string_view entry = origins.substr(0, end);
    origins.remove_prefix(std::min(end + 1, origins.size()));
    while (!entry.empty() && entry.front() == ' ') entry.remove_prefix(1);
    while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
    if (entry.empty()) continue;
    if (is_origin(entry)) {
      origins_.emplace_back(entry);
    } else {
      log::warn("an entry of R8R_CORS_ORIGINS is not an origin like https://example.com and is skipped",
                {{"entry", entry}});
    }
  }
  if (origins_.empty()) origins_.emplace_back(kDefaultOrigin);
}

bool Cors::allows(std::string_view origin) const {
  return allow_all_ || std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

bool Cors::is_preflight(const http::Request& request) {
  return request.method == http::Method::options && request.header("origin") &&
         request.header("access-control-request-method");
}

http::Response Cors::preflight(const http::Request& request) const {
  http::Response response;
  response.content_type.clear();
  response.headers.emplace_back("Vary", "Origin");
  const auto origin = request.header("origin");
  if (!origin || !allows(*origin)) return response;
  response.headers.emplace_back("Access-Control-Allow-Origin", std::string(*origin));
  if (allow_all_) {
    response.headers.emplace_back("Access-Control-Allow-Credentials", "true");
    response.headers.emplace_back("Access-Control-Allow-Methods",
                                  std::string(request.header("access-control-request-method").value_or(kMethods)));
    const auto asked = request.header("access-control-request-headers");
    response.headers.emplace_back("Access-Control-Allow-Headers", std::string(asked.value_or(kRequestHeaders)));
  } else {
    response.headers.emplace_back("Access-Control-Allow-Methods", kMethods);
    response.headers.emplace_back("Access-Control-Allow-Headers", kRequestHeaders);
  }
  response.headers.emplace_back("Access-Control-Max-Age", "3600");
  return response;
}

void Cors::decorate(const http::Request& request, http::Response& response) const {
  const auto origin = request.header("origin");
  if (!origin || is_preflight(request)) return;  // a preflight's answer has it all
  response.headers.emplace_back("Vary", "Origin");
  if (!allows(*origin)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", std::string(*origin));
  if (allow_all_) response.headers.emplace_back("Access-Control-Allow-Credentials", "true");
  response.headers.emplace_back("Access-Control-Expose-Headers", kExposedHeaders);
}

}  // namespace r8r::api
