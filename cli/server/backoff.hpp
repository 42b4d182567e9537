#pragma once
#include <algorithm>
#include <chrono>

namespace r8r::server {

/// How long to wait before a child that died is started again: 100 ms, doubling up to 5 s; a child that lived for 30 s
/// begins anew.
class Backoff {
 public:
  std::chrono::milliseconds after_death(std::chrono::milliseconds lived) {
    if (lived >= kLongLife) next_ = kFirst;
    const auto delay = next_;
    next_ = std::min(next_ * 2, kMost);
    return delay;
  }

  static constexpr std::chrono::milliseconds kFirst{100};
  static constexpr std::chrono::milliseconds kMost{5'000};
  static constexpr std::chrono::milliseconds kLongLife{30'000};

 private:
  std::chrono::milliseconds next_ = kFirst;
};

}  // namespace r8r::server
