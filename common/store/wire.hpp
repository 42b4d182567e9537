#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "common/base/time.hpp"

/// Numbers and times in PostgreSQL's binary format: big-endian, times as microseconds since 2000-01-01 UTC.
namespace r8r::store::wire {

constexpr std::int64_t kEpochUnixUs = 946'684'800'000'000;

inline std::int64_t to_pg_time(Timestamp time) {
  return to_unix_us(time) - kEpochUnixUs;
}
inline Timestamp from_pg_time(std::int64_t us) {
  return from_unix_us(us + kEpochUnixUs);
}

inline void store32(char* out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (24 - 8 * i));
}
inline void append32(std::string& out, std::uint32_t value) {
  char bytes[4];
  store32(bytes, value);
  out.append(bytes, 4);
}
inline void append64(std::string& out, std::uint64_t value) {
  append32(out, static_cast<std::uint32_t>(value >> 32));
  append32(out, static_cast<std::uint32_t>(value));
}
inline std::uint32_t load32(const char* in) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(in[i]);
  return value;
}
inline std::uint64_t load64(const char* in) {
  return std::uint64_t{load32(in)} << 32 | load32(in + 4);
}

}  // namespace r8r::store::wire
