#pragma once
#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace r8r {

/// 128-bit identifier. Executions and workflows use version 7 (RFC 9562): the first 48 bits are Unix milliseconds,
/// so ids of one process sort by the time they were made.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  /// A new version 7 id; ids of one thread are strictly increasing.
  static Uuid v7();
  /// The version 7 id that follows from `facts`: the same for the same time and facts, and no other's.
  static Uuid derived(std::chrono::milliseconds unix_time, std::string_view facts);
  /// A random version 4 id.
  static Uuid v4();
  /// The canonical 36-character form in either case; anything else is nullopt.
  static std::optional<Uuid> parse(std::string_view text);

  /// Canonical lower-case form.
  std::string to_string() const;
  /// The time in a version 7 id.
  std::chrono::milliseconds unix_time() const;
  bool is_nil() const { return *this == Uuid{}; }

  auto operator<=>(const Uuid&) const = default;
};

/// hash(id) mod count: which of `count` partitions an execution belongs to. Fixed for ever: stored rows depend on it.
int partition_of(const Uuid& id, int count);

}  // namespace r8r

template <>
struct std::hash<r8r::Uuid> {
  std::size_t operator()(const r8r::Uuid& id) const noexcept {
    // The last eight bytes of both versions are random.
    std::uint64_t value = 0;
    for (int i = 8; i < 16; ++i) value = value << 8 | id.bytes[static_cast<std::size_t>(i)];
    return static_cast<std::size_t>(value);
  }
};
