#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/http/request.hpp"

namespace r8r::api {

/// A secret that requests must show. Only its SHA-256 is kept; comparing takes the same time whatever is given.
class Secret {
 public:
  /// Empty text: no secret is set, nothing matches.
  explicit Secret(std::string_view text);

  bool is_set() const { return set_; }
  bool matches(std::string_view given) const;

 private:
  std::array<std::uint8_t, 32> digest_{};
  bool set_ = false;
};

/// The key that a request carries: `Authorization: Bearer <key>` or `ApiKey <key>` (any case of the scheme), or
/// `X-API-Key: <key>`.
std::optional<std::string_view> credential_of(const http::Request& request);

enum class Access { granted, missing, wrong };

/// Who may call the API.
class Authenticator {
 public:
  explicit Authenticator(std::string_view api_key) : key_(api_key) {}

  /// Without a key the API is open to everybody.
  bool is_open() const { return !key_.is_set(); }
  bool knows(std::string_view key) const { return key_.matches(key); }
  Access check(const http::Request& request) const;

 private:
  Secret key_;
};

/// The 401 answer, counted in r8r_auth_failures_total{kind}.
http::Response unauthorized(const http::Request& request, Access access, std::string_view what);

}  // namespace r8r::api
