#include "services/scheduler/dependency_plan.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace r8r::scheduler {
namespace {

using namespace std::chrono_literals;

const Timestamp kStart = Timestamp(std::chrono::hours(500'000));

class DependencyPlanTest : public testing::Test {
 protected:
  void depends(const std::string& name, std::optional<std::chrono::milliseconds> within = {}) {
    dependencies.push_back({name, "completed", within});
  }
  store::UpstreamEnding& ended(const std::string& name, std::chrono::seconds at = 0s) {
    store::UpstreamEnding& ending = endings.emplace_back();
    ending.id = static_cast<std::int64_t>(endings.size());
    ending.upstream = name;
    ending.ended_at = kStart + at;
    return ending;
  }
  /// "1+2! | dropped 3 | kept 4": starts with their endings (the last to come has a mark), what goes, what stays.
  std::string plan() const {
    const DependencyPlan plan = plan_starts(dependencies, endings);
    std::string text;
    for (const DependencyPlan::Start& start : plan.starts) {
      for (std::size_t i = 0; i < start.set.size(); ++i)
        text += fmt::format("{}{}{}", i > 0 ? "+" : "", start.set[i].id, i == start.last ? "!" : "");
      text += ' ';
    }
    text += fmt::format("| dropped {} | kept", fmt::join(plan.dropped, " "));
    for (const store::UpstreamEnding& kept : plan.kept) text += fmt::format(" {}", kept.id);
    return text;
  }

  std::vector<workflow::WorkflowDependency> dependencies;
  std::vector<store::UpstreamEnding> endings;
};

TEST_F(DependencyPlanTest, WithOneUpstreamEachEndingStartsOne) {
  depends("a");
  for (int i = 0; i < 3; ++i) ended("a");
  EXPECT_EQ(plan(), "1! 2! 3! | dropped  | kept");
}

TEST_F(DependencyPlanTest, AllUpstreamsHaveToEnd) {
  depends("a");
  depends("b");
  ended("b");
  EXPECT_EQ(plan(), "| dropped  | kept 1");
  ended("a");
  EXPECT_EQ(plan(), "2!+1 | dropped  | kept");
  ended("b");
  EXPECT_EQ(plan(), "2!+1 | dropped  | kept 3");
}

TEST_F(DependencyPlanTest, ANewerEndingOfTheSameUpstreamTakesThePlace) {
  depends("a");
  depends("b");
  ended("a");
  ended("a");
  EXPECT_EQ(plan(), "| dropped 1 | kept 2");
  ended("b");
  EXPECT_EQ(plan(), "2+3! | dropped 1 | kept");
}

TEST_F(DependencyPlanTest, AnEndingTooLongAgoDoesNotCount) {
  depends("a", 60s);
  depends("b");
  ended("a");
  ended("b", 61s);
  EXPECT_EQ(plan(), "| dropped  | kept 1 2");
  ended("a", 500s);
  EXPECT_EQ(plan(), "3!+2 | dropped 1 | kept") << "b may be as old as it likes";
  ended("a", 600s);
  ended("b", 660s);
  EXPECT_EQ(plan(), "3!+2 4+5! | dropped 1 | kept");
}

TEST_F(DependencyPlanTest, OutdatedEndingsAndStrangersAreDropped) {
  depends("a");
  depends("b");
  ended("a").outdated = true;
  ended("stranger");
  ended("b");
  EXPECT_EQ(plan(), "| dropped 1 2 | kept 3");
}

TEST_F(DependencyPlanTest, WhatDependsOnNothingKeepsNothing) {
  ended("a");
  EXPECT_EQ(plan(), "| dropped 1 | kept");
}

}  // namespace
}  // namespace r8r::scheduler
