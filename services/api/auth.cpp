#include "services/api/auth.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "common/base/metrics.hpp"
#include "services/api/api_error.hpp"

namespace r8r::api {
namespace {

std::array<std::uint8_t, 32> sha256(std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

bool same_word(std::string_view a, std::string_view lower_b) {
  if (a.size() != lower_b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
    if (c != lower_b[i]) return false;
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Secret::Secret(std::string_view text) : set_(!text.empty()) {
  if (set_) digest_ = sha256(text);
}

bool Secret::matches(std::string_view given) const {
  const auto digest = sha256(given);
  return set_ && CRYPTO_memcmp(digest.data(), digest_.data(), digest.size()) == 0;
}

std::optional<std::string_view> credential_of(const http::Request& request) {
  if (const auto header = request.header("authorization")) {
    const std::string_view value = trimmed(*header);
    const auto space = value.find(' ');
    if (space != std::string_view::npos) {
      const std::string_view scheme = value.substr(0, space);
      if (same_word(scheme, "bearer") || same_word(scheme, "apikey")) return trimmed(value.substr(space + 1));
    }
  }
  return request.header("x-api-key");
}

Access Authenticator::check(const http::Request& request) const {
  if (is_open()) return Access::granted;
  const auto given = credential_of(request);
  if (!given) return Access::missing;
  return key_.matches(*given) ? Access::granted : Access::wrong;
}

http::Response unauthorized(const http::Request& request, Access access, std::string_view what) {
  static metrics::Counter missing =
      metrics::counter("r8r_auth_failures_total", "Requests refused for their credentials", {{"kind", "missing"}});
  static metrics::Counter wrong =
      metrics::counter("r8r_auth_failures_total", "Requests refused for their credentials", {{"kind", "wrong"}});
  (access == Access::missing ? missing : wrong).add();
  std::string message(what);
  message += access == Access::missing ? " is required" : " is wrong";
  return error_response(request, ApiError(ErrorCode::unauthorized, std::move(message)));
}

}  // namespace r8r::api
