#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/time.hpp"

namespace r8r::http {

struct Route;

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };

/// "GET" and so on; "OTHER" for Method::other.
std::string_view method_text(Method method);
/// Method names are case-sensitive; one that we do not know is Method::other.
Method parse_method(std::string_view text);

using NameValue = std::pair<std::string, std::string>;
using NameValues = std::vector<NameValue>;

/// One request, complete with its body. Values decoded from the address are always UTF-8 without NUL: a byte that is
/// not becomes U+FFFD, so they may go to the database as they are.
struct Request {
  Method method = Method::other;
  std::string method_name;  ///< as the client wrote it
  std::string target;       ///< as the client wrote it
  std::string path;         ///< raw: neither decoded nor normalised, without the query
  NameValues query;         ///< decoded, in order
  NameValues headers;       ///< names in lower case, in order
  std::string body;
  NameValues params;  ///< path parameters, decoded once
  std::string remote_ip;
  std::string request_id;
  Timestamp received_at{};
  int version = 11;  ///< 10 or 11
  /// The route that takes this request; null while none is known. Lives as long as the router.
  const Route* route = nullptr;

  /// A path parameter of the route's pattern; a name that the pattern does not have throws std::out_of_range.
  const std::string& param(std::string_view name) const;
  /// The first header of that name (lower case).
  std::optional<std::string_view> header(std::string_view name) const;
  /// The first query value of that name.
  std::optional<std::string_view> query_value(std::string_view name) const;
  /// Whether `token` is in the comma-separated lists of the headers `name`, in any case.
  bool header_has_token(std::string_view name, std::string_view token) const;
};

/// One answer. The server adds Content-Length, Date, X-Request-ID, X-Content-Type-Options and Connection.
struct Response {
  int status = 200;
  std::string content_type = "application/json";  ///< left out when empty or when there is no body to describe
  std::string body;
  NameValues headers;
  bool close = false;  ///< close the connection after this answer

  static Response json(int status, std::string body);
  static Response text(int status, std::string body);
  /// Without body and type, as for 204.
  static Response empty(int status);
  /// The first header of that name, in any case.
  std::optional<std::string_view> header(std::string_view name) const;
};

}  // namespace r8r::http
