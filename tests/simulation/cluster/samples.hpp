#pragma once
#include "tests/simulation/cluster/cluster.hpp"

namespace r8r::sim {

/// `count` random workflows, each played once without faults.
std::vector<Sample> make_samples(std::uint64_t seed, int count);

}  // namespace r8r::sim
