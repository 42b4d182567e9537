#pragma once
#include <optional>
#include <string>
#include <string_view>

/// Digests and authenticated encryption over bytes.
namespace r8r::nodes {

/// md5, sha1, sha256, sha384, sha512 or blake2b (512 bits) of `data`; nothing when this machine's OpenSSL refuses it.
std::optional<std::string> digest(std::string_view algorithm, std::string_view data);
std::optional<std::string> hmac(std::string_view algorithm, std::string_view key, std::string_view data);

inline constexpr std::size_t kCipherKeyBytes = 32;
inline constexpr std::size_t kNonceBytes = 12;
inline constexpr std::size_t kTagBytes = 16;

/// AES-256-GCM: nonce, ciphertext, tag, in a row. A nonce must not be used for two texts under one key.
std::string seal(std::string_view key, std::string_view nonce, std::string_view text);
/// The text; nothing when the key is not the one that sealed it, or a bit was changed.
std::optional<std::string> open_sealed(std::string_view key, std::string_view sealed);

}  // namespace r8r::nodes
