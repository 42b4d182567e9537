#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/http/request.hpp"

namespace r8r::api {

/// Which web pages of other origins may call the API (spec 1.8).
class Cors {
 public:
  /// `origins`: comma-separated, exact. Entries that are not origins are logged and skipped; with none left the default
  /// http://localhost:3000 holds.
  Cors(std::string_view origins, bool allow_all);

  bool allows(std::string_view origin) const;
  const std::vector<std::string>& origins() const { return origins_; }

  static bool is_preflight(const http::Request& request);
  /// The answer to a preflight; an origin that is not allowed gets one without permission.
  http::Response preflight(const http::Request& request) const;
  /// Adds what a browser needs to hand `response` to the page. Nothing when the request has no
  /// Origin, or is a preflight.
  void decorate(const http::Request& request, http::Response& response) const;

 private:
  std::vector<std::string> origins_;
  bool allow_all_;
};

}  // namespace r8r::api
