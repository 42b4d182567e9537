#pragma once
#include "tests/simulation/cluster/cluster.hpp"

namespace r8r::sim {

/// Random workflows of every kind, each played once without faults. They are named s0, s1, …; all the others may start
/// executions of one of them.
std::vector<Sample> make_samples(std::uint64_t seed);

}  // namespace r8r::sim
