#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/expr/functions.hpp"
#include "common/expr/text.hpp"

/// Text as bytes: URL, base64, hex, digests. Decoded bytes that are not UTF-8 become U+FFFD.
namespace r8r::expr {
namespace {

constexpr char kHex[] = "0123456789abcdef";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  std::string hex;
  hex.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    hex += kHex[bytes[i] >> 4];
    hex += kHex[bytes[i] & 15];
  }
  return hex;
}

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool url_encode(Call& call, Value& out) {
  std::string encoded;
  for (const char c : call.text_of(0)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += static_cast<char>(std::toupper(kHex[static_cast<unsigned char>(c) >> 4]));
      encoded += static_cast<char>(std::toupper(kHex[static_cast<unsigned char>(c) & 15]));
    }
  }
  return call.give(encoded, out);
}

bool url_decode(Call& call, Value& out) {
  const std::string_view text = call.text_of(0);
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return call.fail("'url_decode': '%' has to be followed by two hexadecimal digits");
      bytes += static_cast<char>(high << 4 | low);
      i += 2;
    } else {
      bytes += text[i] == '+' ? ' ' : text[i];
    }
  }
  return call.give(repaired_utf8(bytes), out);
}

bool base64_encode(Call& call, Value& out) {
  const std::string_view text = call.text_of(0);
  if (!call.fits_bytes(text.size() * 4 / 3 + 4)) return false;
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()), raw(text), static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(length));
  return call.give(encoded, out);
}

/// Standard and URL-safe alphabets, with or without padding; white space is skipped.
bool base64_decode(Call& call, Value& out) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  bool padded = false;
  for (const char c : call.text_of(0)) {
    int digit = -1;
    if (c >= 'A' && c <= 'Z') digit = c - 'A';
    if (c >= 'a' && c <= 'z') digit = c - 'a' + 26;
    if (c >= '0' && c <= '9') digit = c - '0' + 52;
    if (c == '+' || c == '-') digit = 62;
    if (c == '/' || c == '_') digit = 63;
    if (c == '=') {
      padded = true;
      continue;
    }
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (digit < 0 || padded) return call.fail("'base64_decode': this is not base64");
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xff);
    }
  }
  if (count >= 6) return call.fail("'base64_decode': this is not base64");
  return call.give(repaired_utf8(bytes), out);
}

bool hex_encode(Call& call, Value& out) {
  const std::string_view text = call.text_of(0);
  return call.fits_bytes(text.size() * 2) && call.give(to_hex(raw(text), text.size()), out);
}

bool hex_decode(Call& call, Value& out) {
  const std::string_view text = call.text_of(0);
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    if (high < 0 || low < 0) return call.fail("'hex_decode': this is not hexadecimal");
    bytes += static_cast<char>(high << 4 | low);
  }
  return call.give(repaired_utf8(bytes), out);
}

bool digest(Call& call, const EVP_MD* kind, Value& out) {
  const std::string_view text = call.text_of(0);
  if (!call.charge(10 + text.size() / 64)) return false;
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes, &size, kind, nullptr) != 1)
    return call.fail(fmt::format("'{}' is not available", call.name));
  out = Value::string(to_hex(bytes, size));
  return true;
}
bool sha256(Call& call, Value& out) {
  return digest(call, EVP_sha256(), out);
}
bool md5(Call& call, Value& out) {
  return digest(call, EVP_md5(), out);
}

bool hmac_sha256(Call& call, Value& out) {
  std::string_view key;
  const std::string_view text = call.text_of(0);
  if (!call.text(1, key) || !call.charge(20 + text.size() / 64)) return false;
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(text), text.size(), bytes, &size) == nullptr) {
    return call.fail("'hmac_sha256' is not available");
  }
  out = Value::string(to_hex(bytes, size));
  return true;
}

constexpr Function kFunctions[] = {
    {"url_encode", kString, 1, 1, url_encode},
    {"url_decode", kString, 1, 1, url_decode},
    {"base64_encode", kString, 1, 1, base64_encode},
    {"base64_decode", kString, 1, 1, base64_decode},
    {"hex_encode", kString, 1, 1, hex_encode},
    {"hex_decode", kString, 1, 1, hex_decode},
    {"sha256", kString, 1, 1, sha256},
    {"md5", kString, 1, 1, md5},
    {"hmac_sha256", kString, 2, 2, hmac_sha256},
};

}  // namespace

std::span<const Function> encoding_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
