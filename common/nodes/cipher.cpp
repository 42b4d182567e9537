#include "common/nodes/cipher.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/base/result.hpp"

namespace r8r::nodes {
namespace {

const EVP_MD* digest_named(std::string_view name) {
  if (name == "md5") return EVP_md5();
  if (name == "sha1") return EVP_sha1();
  if (name == "sha256") return EVP_sha256();
  if (name == "sha384") return EVP_sha384();
  if (name == "sha512") return EVP_sha512();
  return name == "blake2b" ? EVP_blake2b512() : nullptr;
}

const unsigned char* in(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* out(std::string& bytes, std::size_t at = 0) {
  return reinterpret_cast<unsigned char*>(bytes.data()) + at;
}

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
Context new_context() {
  return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
}

}  // namespace

std::optional<std::string> digest(std::string_view algorithm, std::string_view data) {
  std::string bytes(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  const EVP_MD* kind = digest_named(algorithm);
  if (kind == nullptr || EVP_Digest(data.data(), data.size(), out(bytes), &size, kind, nullptr) != 1)
    return std::nullopt;
  bytes.resize(size);
  return bytes;
}

std::optional<std::string> hmac(std::string_view algorithm, std::string_view key, std::string_view data) {
  std::string bytes(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  const EVP_MD* kind = digest_named(algorithm);
  if (kind == nullptr ||
      HMAC(kind, key.data(), static_cast<int>(key.size()), in(data), data.size(), out(bytes), &size) == nullptr)
    return std::nullopt;
  bytes.resize(size);
  return bytes;
}

std::string seal(std::string_view key, std::string_view nonce, std::string_view text) {
  R8R_ASSERT(key.size() == kCipherKeyBytes && nonce.size() == kNonceBytes,
             fmt::format("a key of {} and a nonce of {} bytes", key.size(), nonce.size()));
  const Context context = new_context();
  std::string sealed(nonce);
  sealed.resize(kNonceBytes + text.size() + kTagBytes);
  int size = 0;
  int rest = 0;
  const bool good =
      context != nullptr && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, in(key), in(nonce)) == 1 &&
      EVP_EncryptUpdate(context.get(), out(sealed, kNonceBytes), &size, in(text), static_cast<int>(text.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), out(sealed, kNonceBytes + static_cast<std::size_t>(size)), &rest) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, out(sealed, kNonceBytes + text.size())) == 1;
  R8R_ASSERT(good && static_cast<std::size_t>(size + rest) == text.size(), "AES-256-GCM of OpenSSL failed");
  return sealed;
}

std::optional<std::string> open_sealed(std::string_view key, std::string_view sealed) {
  R8R_ASSERT(key.size() == kCipherKeyBytes, fmt::format("a key of {} bytes", key.size()));
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  const std::string_view body = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  const Context context = new_context();
  // One byte more, so that there is a place to write to for an empty text.
  std::string text(body.size() + 1, '\0');
  int size = 0;
  int rest = 0;
  const bool good = context != nullptr &&
                    EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, in(key), in(sealed)) == 1 &&
                    EVP_DecryptUpdate(context.get(), out(text), &size, in(body), static_cast<int>(body.size())) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, out(tag)) == 1 &&
                    EVP_DecryptFinal_ex(context.get(), out(text, static_cast<std::size_t>(size)), &rest) == 1;
  if (!good) return std::nullopt;
  text.resize(static_cast<std::size_t>(size + rest));
  return text;
}

}  // namespace r8r::nodes
