#include <algorithm>
#include <cmath>

#include "services/scheduler/engine/execution.hpp"

namespace r8r::engine {
namespace {

// SplitMix64: turns any seed into evenly spread bits.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

}  // namespace

std::chrono::milliseconds retry_delay(const workflow::RetryPolicy& policy, int attempt,
                                      std::chrono::milliseconds retry_after, std::uint64_t seed) {
  const auto cap = static_cast<double>(policy.max_delay.count());
  double ms = static_cast<double>(policy.delay.count());
  switch (policy.backoff) {
    case workflow::Backoff::fixed:
      break;
    case workflow::Backoff::linear:
      ms *= attempt;
      break;
    case workflow::Backoff::exponential:
      ms *= std::exp2(attempt - 1);
      break;
  }
  ms = std::min(ms, cap);
  if (policy.jitter) {
    const double unit = static_cast<double>(mix(seed ^ static_cast<std::uint64_t>(attempt)) >> 11) * 0x1.0p-53;
    ms *= unit;
  }
  // A server that says when to come back is believed, up to the cap.
  ms = std::max(ms, std::min(static_cast<double>(retry_after.count()), cap));
  return std::chrono::milliseconds(static_cast<std::int64_t>(ms));
}

}  // namespace r8r::engine
