// Who wants an execution to end does not wait for workers. The delays are printed, not judged: a busy machine proves
// nothing about them.
#include <gmock/gmock.h>

#include <csignal>

#include "common/base/time.hpp"
#include "tests/support/stack.hpp"

namespace r8r::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class FrozenWorkers : public testing::Test {
 protected:
  void SetUp() override {
    stack.start();
    freeze(SIGSTOP);
  }
  void TearDown() override { freeze(SIGCONT); }

  void freeze(int signal) {
    for (int i = 0; i < 2; ++i) stack.service("r8r-worker", i).signal(signal);
  }
  // From its start.
  static milliseconds took(const Json& execution) {
    const auto from = parse_rfc3339(execution["started_at"].get<std::string>());
    const auto to = parse_rfc3339(execution["finished_at"].get<std::string>());
    return std::chrono::duration_cast<milliseconds>(*to - *from);
  }

  Stack stack{{.apis = 1, .schedulers = 1, .workers = 2}};
};

TEST_F(FrozenWorkers, ACancelledExecutionEndsAtOnce) {
  stack.create("name: steps\nnodes: [{id: a, type: transform, config: {expression: '1'}}]\n");
  const std::string id = stack.submit("steps", 1);
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_EQ(stack.post("/api/executions/" + id + "/cancel", {{"reason", "enough"}}).status, 200);
  const Json end = stack.wait_end(id);
  EXPECT_EQ(end["status"], "cancelled") << end;
  std::printf("cancelled within %lld ms of the request\n",
              static_cast<long long>(
                  std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - asked).count()));
}

TEST_F(FrozenWorkers, TimeoutsOfTheWorkflowAndOfANodeEndIt) {
  stack.create(
      "name: whole\nsettings: {timeout_seconds: 1}\nnodes: [{id: a, type: transform, config: {expression: '1'}}]\n");
  stack.create(
      "name: part\nnodes: [{id: a, type: http, timeout_seconds: 1, config: {url: 'https://example.invalid/'}}]\n");
  const std::string whole = stack.submit("whole", 1);
  const std::string part = stack.submit("part", 1);
  for (const std::string& id : {whole, part}) {
    const Json end = stack.wait_end(id);
    EXPECT_EQ(end["status"], "failed") << end;
    EXPECT_THAT(end.value("error", ""), HasSubstr(id == whole ? "timed out" : "within its timeout")) << end;
    std::printf("a timeout of 1000 ms ended it after %lld ms\n", static_cast<long long>(took(end).count()));
  }
}

}  // namespace
}  // namespace r8r::test
