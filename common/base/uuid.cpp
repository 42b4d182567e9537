#include "common/base/uuid.hpp"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "common/base/result.hpp"

namespace r8r {
namespace {

// Random bytes in blocks: one call to the generator serves many ids.
struct RandomBlock {
  std::array<unsigned char, 4096> bytes;
  std::size_t used = sizeof bytes;

  void take(std::uint8_t* out, std::size_t count) {
    if (used + count > bytes.size()) {
      R8R_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "no random source");
      used = 0;
    }
    std::copy_n(bytes.data() + used, count, out);
    used += count;
  }
};

thread_local RandomBlock random_block;
thread_local std::uint64_t last_v7 = 0;  // milliseconds << 12 | counter

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Uuid Uuid::v7() {
  using namespace std::chrono;
  const auto now =
      static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
  Uuid id;
  random_block.take(id.bytes.data() + 6, 10);
  // 12 bits after the time count up within a millisecond, from a random start in the lower half (RFC 9562, method 1).
  std::uint64_t stamp = now << 12 | ((id.bytes[6] & 0x07u) << 8 | id.bytes[7]);
  if (stamp <= last_v7) stamp = last_v7 + 1;
  last_v7 = stamp;
  const std::uint64_t ms = stamp >> 12;
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | ((stamp >> 8) & 0x0f));
  id.bytes[7] = static_cast<std::uint8_t>(stamp);
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

Uuid Uuid::derived(std::chrono::milliseconds unix_time, std::string_view facts) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(facts.data()), facts.size(), digest.data());
  Uuid id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  const auto ms = static_cast<std::uint64_t>(unix_time.count());
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0f));
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

Uuid Uuid::v4() {
  Uuid id;
  random_block.take(id.bytes.data(), 16);
  id.bytes[6] = static_cast<std::uint8_t>(0x40 | (id.bytes[6] & 0x0f));
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < 36;) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i++] != '-') return std::nullopt;
      continue;
    }
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[at++] = static_cast<std::uint8_t>(high << 4 | low);
    i += 2;
  }
  return id;
}

std::string Uuid::to_string() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out(36, '-');
  std::size_t at = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
    out[at++] = kHex[bytes[i] >> 4];
    out[at++] = kHex[bytes[i] & 0x0f];
  }
  return out;
}

std::chrono::milliseconds Uuid::unix_time() const {
  std::uint64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = ms << 8 | bytes[i];
  return std::chrono::milliseconds(ms);
}

int partition_of(const Uuid& id, int count) {
  // FNV-1a over all 16 bytes.
  std::uint64_t hash = 14695981039346656037ull;
  for (const std::uint8_t byte : id.bytes) hash = (hash ^ byte) * 1099511628211ull;
  return static_cast<int>(hash % static_cast<std::uint64_t>(count));
}

}  // namespace r8r
