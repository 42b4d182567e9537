#pragma once
#include "common/base/time.hpp"

namespace r8r::sim {

/// When the world began, by the wall clock.
inline constexpr Timestamp kStartOfTime{std::chrono::microseconds(1'768'919'400'000'000)};

}  // namespace r8r::sim
