#pragma once
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace r8r::expr::testing {

/// Where the random inputs of property tests begin: the same ones each time, or those of R8R_SEED. Printed, so that
/// what failed can be run again.
inline std::uint64_t first_seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("R8R_SEED");
    const std::uint64_t chosen = given != nullptr && *given != '\0' ? std::strtoull(given, nullptr, 10) : 20'260'120;
    std::cout << "random inputs from R8R_SEED=" << chosen << std::endl;
    return chosen;
  }();
  return seed;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t bits() { return engine_(); }
  /// 0 to count - 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <class Choices>
  const auto& pick(const Choices& choices) {
    return choices[below(std::size(choices))];
  }

 private:
  std::mt19937_64 engine_;
};

/// Runs `body(random)` with `count` seeds in a row; stops at the first failure, which names its seed.
template <class Body>
void for_seeds(int count, const Body& body) {
  for (int i = 0; i < count; ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    SCOPED_TRACE("run again with R8R_SEED=" + std::to_string(seed));
    Random random(seed);
    body(random);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace r8r::expr::testing
