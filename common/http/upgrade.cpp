#include "common/http/upgrade.hpp"

#include <array>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <fmt/format.h>

namespace r8r::http {
namespace {

/// RFC 6455 section 4.2.2: proves that we speak WebSocket.
std::string accept_key(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> base64{};
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(length)};
}

std::string visible(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c > 0x20 && c < 0x7F) out.push_back(c);
  return out;
}

}  // namespace

std::optional<UpgradeProblem> upgrade_problem(const Request& request) {
  if (!request.header_has_token("connection", "upgrade") || !request.header_has_token("upgrade", "websocket") ||
      request.version < 11 || request.method != Method::get)
    return UpgradeProblem{400, "this path needs a WebSocket upgrade"};
  const auto version = request.header("sec-websocket-version");
  if (!version || *version != "13") return UpgradeProblem{426, "only WebSocket version 13 is supported"};
  // 16 bytes in base64 (RFC 6455 section 4.1).
  const auto key = request.header("sec-websocket-key");
  if (!key || key->size() != 24 || !key->ends_with("=="))
    return UpgradeProblem{400, "Sec-WebSocket-Key is missing or is not 16 bytes in base64"};
  if (request.header("content-length").value_or("0") != "0" || request.header("transfer-encoding"))
    return UpgradeProblem{400, "a WebSocket upgrade has no body"};
  return std::nullopt;
}

std::string upgrade_answer(const Request& request, std::string_view subprotocol, std::string_view extension) {
  std::string out = fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n"
      "X-Request-ID: {}\r\nX-Content-Type-Options: nosniff\r\n",
      accept_key(request.header("sec-websocket-key").value_or("")), request.request_id);
  if (!subprotocol.empty()) out += fmt::format("Sec-WebSocket-Protocol: {}\r\n", visible(subprotocol));
  if (!extension.empty()) out += fmt::format("Sec-WebSocket-Extensions: {}\r\n", extension);
  return out += "\r\n";
}

}  // namespace r8r::http
