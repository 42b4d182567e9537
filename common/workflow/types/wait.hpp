#pragma once
#include <chrono>
#include <optional>

#include "common/base/time.hpp"
#include "common/workflow/config.hpp"

namespace r8r::workflow {

inline constexpr std::chrono::milliseconds kMaxWait = std::chrono::hours(24 * 30);

struct WaitConfig final : ParsedConfig {
  std::chrono::milliseconds length{0};
  std::optional<Timestamp> until;  ///< instead of a length
  bool passthrough = true;
};

}  // namespace r8r::workflow
