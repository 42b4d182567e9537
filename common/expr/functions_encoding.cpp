#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/base/byte_text.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/text.hpp"

/// Text as bytes: URL, base64, hex, digests. Decoded bytes that are not UTF-8 become U+FFFD.
namespace r8r::expr {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool url_encode(Call& call, Value& out) {
  if (!call.charge_text(call.text_of(0).size())) return false;
  std::string encoded;
  for (const char c : call.text_of(0)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[static_cast<unsigned char>(c) >> 4];
      encoded += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return call.give(encoded, out);
}

bool url_decode(Call& call, Value& out) {
  const std::string_view text = call.text_of(0);
  if (!call.charge_text(text.size())) return false;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto byte = i + 2 < text.size() ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
      if (!byte) return call.fail("'url_decode': '%' has to be followed by two hexadecimal digits");
      bytes += *byte;
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
  return call.give(to_base64(text), out);
}

bool base64_decode(Call& call, Value& out) {
  if (!call.charge_text(call.text_of(0).size())) return false;
  const auto bytes = from_base64(call.text_of(0));
  if (!bytes) return call.fail("'base64_decode': this is not base64");
  return call.give(repaired_utf8(*bytes), out);
}

bool hex_encode(Call& call, Value& out) {
  const std::string_view text = call.text_of(0);
  return call.fits_bytes(text.size() * 2) && call.give(to_hex(text), out);
}

bool hex_decode(Call& call, Value& out) {
  if (!call.charge_text(call.text_of(0).size())) return false;
  const auto bytes = from_hex(call.text_of(0));
  if (!bytes) return call.fail("'hex_decode': this is not hexadecimal");
  return call.give(repaired_utf8(*bytes), out);
}

std::string hex_of(const unsigned char* bytes, unsigned int size) {
  return to_hex({reinterpret_cast<const char*>(bytes), size});
}

bool digest(Call& call, const EVP_MD* kind, Value& out) {
  const std::string_view text = call.text_of(0);
  if (!call.charge(10 + text.size() / 64)) return false;
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes, &size, kind, nullptr) != 1)
    return call.fail(fmt::format("'{}' is not available", call.name));
  out = Value::string(hex_of(bytes, size));
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
  if (!call.text(1, key) || !call.charge(20 + (text.size() + key.size()) / 64)) return false;
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(text), text.size(), bytes, &size) == nullptr) {
    return call.fail("'hmac_sha256' is not available");
  }
  out = Value::string(hex_of(bytes, size));
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
