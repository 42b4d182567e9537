// Whole clusters under faults: the real incarnations and hosts of several schedulers over a model of the world.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/log.hpp"
#include "tests/simulation/cluster/samples.hpp"

namespace r8r::sim {
namespace {

std::string first_of(const Verdict& verdict) {
  return verdict.broken.empty() ? "" : verdict.broken.front();
}

TEST(Cluster, RunsEverythingOnceWhenNothingHappens) {
  log::configure("simulation", log::Level::none, log::Format::text);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Verdict verdict = play({.seed = seed, .faults = Faults::none(), .steered = 0}, make_samples(seed));
    ASSERT_EQ(first_of(verdict), "") << "seed " << seed;
    ASSERT_EQ(verdict.repeated_calls, 0u) << "seed " << seed;
  }
}

TEST(Cluster, KeepsItsPromisesUnderFaults) {
  log::configure("simulation", log::Level::none, log::Format::text);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Verdict verdict = play({.seed = seed}, make_samples(seed));
    ASSERT_EQ(first_of(verdict), "") << "seed " << seed;
  }
}

// Some mistakes need a rare coincidence.
constexpr std::uint64_t kMostClusters = 200;

// Each mistake in a process of its own: one that makes an assertion fail is noticed as well.
class Mistake : public testing::TestWithParam<NamedBug> {};

TEST_P(Mistake, IsNoticed) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    log::configure("simulation", log::Level::none, log::Format::text);
    std::freopen("/dev/null", "w", stderr);
    for (std::uint64_t seed = 1; seed <= kMostClusters; ++seed) {
      if (!play({.seed = seed, .bug = GetParam().bug}, make_samples(seed)).broken.empty()) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_NE(status, 0) << kMostClusters << " clusters with it were all as they must be";
}

INSTANTIATE_TEST_SUITE_P(Each, Mistake, testing::ValuesIn(kBugs),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace r8r::sim
