#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.hpp"

namespace r8r::worker {

/// An absolute http or https URL without user info, in the form in which it is requested.
struct Url {
  std::string text;    ///< complete, without fragment
  std::string scheme;  ///< http, https
  std::string host;    ///< lower case; IPv6 in brackets
  std::string port;    ///< as digits, the scheme's own when not given

  /// host:port, for messages: what follows may hold secrets.
  std::string origin() const { return host + ":" + port; }
  bool same_origin(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

/// Errors: invalid_input, for people; never with the query in it.
Result<Url> parse_url(const std::string& text);

/// What a Location header means when it comes from `base`.
Result<Url> resolve_url(const Url& base, const std::string& location);

/// Appends name=value pairs, percent-encoded, to the query.
std::string with_query(std::string url, const std::vector<std::pair<std::string, std::string>>& query);

/// name=value&name=value, as forms are sent.
std::string form_encoded(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace r8r::worker
