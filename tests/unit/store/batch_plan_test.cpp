#include "common/store/batch_plan.hpp"

#include <gtest/gtest.h>

namespace r8r::store {
namespace {

std::size_t one(std::size_t) {
  return 1;
}

TEST(BatchPlan, TakesWhatWaitsUpToTheCap) {
  const BatchPlan plan(100, 1'000'000);
  EXPECT_EQ(plan.next(7, one), 7u);
  EXPECT_EQ(plan.next(500, one), 100u);
}

TEST(BatchPlan, CapsBytesButAlwaysTakesOne) {
  const BatchPlan plan(100, 10);
  EXPECT_EQ(plan.next(50, [](std::size_t) { return std::size_t{4}; }), 2u);
  EXPECT_EQ(plan.next(50, [](std::size_t) { return std::size_t{4'000}; }), 1u);
}

TEST(BatchPlan, ShrinksWhenCrowdedAndGrowsBack) {
  BatchPlan plan(100, 1'000'000);
  plan.crowded(100);
  EXPECT_EQ(plan.next(500, one), 50u);
  plan.crowded(1);
  EXPECT_EQ(plan.next(500, one), 1u);
  for (int i = 0; i < 100; ++i) plan.done(1);
  EXPECT_EQ(plan.next(500, one), 100u);
}

// Drives a plan over items of which some are bad, as a queue does; the answer is how many transactions it took.
int transactions(const std::vector<bool>& bad, std::vector<std::size_t>& refused) {
  BatchPlan plan(512, 1'000'000);
  std::size_t front = 0;
  int count = 0;
  while (front < bad.size()) {
    const std::size_t size = plan.next(bad.size() - front, one);
    ++count;
    const auto begin = bad.begin() + static_cast<std::ptrdiff_t>(front);
    const bool fails =
        std::find(begin, begin + static_cast<std::ptrdiff_t>(size), true) != begin + static_cast<std::ptrdiff_t>(size);
    if (fails && size > 1) {
      plan.split(size);
      continue;
    }
    if (fails) refused.push_back(front);
    plan.done(size);
    front += size;
  }
  return count;
}

TEST(BatchPlan, FindsOneBadItemAmongManyInFewSteps) {
  for (const std::size_t place : {0u, 1u, 57u, 98u, 99u}) {
    std::vector<bool> bad(100, false);
    bad[place] = true;
    std::vector<std::size_t> refused;
    EXPECT_LE(transactions(bad, refused), 16) << place;
    EXPECT_EQ(refused, std::vector<std::size_t>{place});
  }
}

TEST(BatchPlan, FindsEveryBadItemAndNoOther) {
  std::vector<bool> bad(512, false);
  for (const std::size_t place : {3u, 4u, 255u, 256u, 511u}) bad[place] = true;
  std::vector<std::size_t> refused;
  transactions(bad, refused);
  EXPECT_EQ(refused, (std::vector<std::size_t>{3, 4, 255, 256, 511}));
}

}  // namespace
}  // namespace r8r::store
