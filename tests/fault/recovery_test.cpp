// How long executions stand still when their scheduler dies, and when it leaves in good order. The figures are printed,
// not judged: a busy machine proves nothing about them.
#include <gmock/gmock.h>

#include <csignal>

#include "tests/support/stack.hpp"

namespace r8r::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kSteps = R"(
name: steps
nodes:
  - {id: a, type: wait, config: {milliseconds: 200}}
  - {id: b, type: transform, depends_on: a, config: {expression: '1'}}
)";

class Recovery : public testing::Test {
 protected:
  void SetUp() override {
    stack.start();
    stack.create(kSteps);
  }

  // So many executions over all partitions are accepted, then `fault` happens; the answer: until the last of them has
  // ended.
  milliseconds until_all_end(const std::function<void()>& fault) {
    std::vector<std::string> ids;
    for (int i = 0; i < 60; ++i) ids.push_back(stack.submit("steps", i));
    const auto began = Clock::now();
    fault();
    for (const std::string& id : ids) EXPECT_TRUE(stack.wait_end(id, seconds(60)).is_object()) << id;
    return std::chrono::duration_cast<milliseconds>(Clock::now() - began);
  }

  Stack stack{{.apis = 1, .schedulers = 3, .workers = 1}};
};

TEST_F(Recovery, ExecutionsGoOnWhenTheirSchedulerDies) {
  const milliseconds calm = until_all_end([] {});
  const milliseconds killed = until_all_end([this] { stack.service("r8r-scheduler", 0).kill(); });
  const milliseconds left = until_all_end([this] { stack.service("r8r-scheduler", 1).stop(seconds(20)); });
  std::printf(
      "60 executions of 200 ms: %lld ms; one of three schedulers killed (lease 3 s): %lld ms; one stopped: %lld ms\n",
      static_cast<long long>(calm.count()), static_cast<long long>(killed.count()),
      static_cast<long long>(left.count()));
}

}  // namespace
}  // namespace r8r::test
