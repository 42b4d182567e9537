#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <map>
#include <set>

#include "tests/integration/stack_fixture.hpp"
#include "tests/support/tcp.hpp"

namespace r8r::test {
namespace {

using std::chrono::seconds;

class Outages : public testing::Test {
 protected:
  void SetUp() override {
    stack.start();
    stack.create("name: fine\nnodes:\n  - {id: a, type: transform, config: {expression: 'input'}}\n");
  }
  bool ready(int api) { return call({.url = stack.url(api) + "/readyz", .timeout = seconds(3)}).status == 200; }
  bool works() { return stack.execute("fine", 1).value("status", "") == "completed"; }

  Stack stack;
};

TEST_F(Outages, TheDatabaseGoesAwayAndComesBack) {
  stack.postgres().stop(PostgresServer::Stop::immediate);
  EXPECT_TRUE(eventually(seconds(20), [&] { return !ready(0) && !ready(1); }));
  const HttpAnswer health = stack.get("/api/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_EQ(health.json()["status"], "error");
  EXPECT_NE(health.json()["database"]["status"], "ok");
  const HttpAnswer refused = stack.post("/api/workflows/fine/execute", {{"input", 1}});
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_TRUE(refused.headers.contains("retry-after"));

  stack.postgres().start();
  EXPECT_TRUE(stack.wait_ready()) << stack.not_ready();
  EXPECT_TRUE(eventually(seconds(20), [&] { return works(); }));
}

TEST_F(Outages, TheBusGoesAwayAndComesBackEmpty) {
  stack.nats().kill();
  EXPECT_TRUE(eventually(seconds(20), [&] { return !ready(0) && !ready(1); }));
  const HttpAnswer health = stack.get("/api/health");
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.json()["status"], "degraded");
  EXPECT_NE(health.json()["bus"]["status"], "ok");
  const HttpAnswer refused = stack.post("/api/workflows/fine/execute", {{"input", 1}});
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_TRUE(refused.headers.contains("retry-after"));

  stack.nats().start();
  EXPECT_TRUE(stack.wait_ready()) << stack.not_ready();
  EXPECT_TRUE(eventually(seconds(20), [&] { return works(); }));
}

TEST_F(Outages, AWaitSurvivesTheDeathOfEveryScheduler) {
  stack.create(
      "name: sleeper\nnodes:\n  - {id: pause, type: wait, config: {seconds: 3}}\n"
      "  - {id: after, type: transform, depends_on: pause, config: {expression: '\"woke\"'}}\n");
  const std::string id = stack.submit("sleeper", 1);
  // It waits: the timer is recorded.
  ASSERT_TRUE(eventually(seconds(10),
                         [&] { return stack.get("/api/executions/" + id).json().value("status", "") == "running"; }));
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).kill();
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).start();
  const Json execution = stack.wait_end(id, seconds(60));
  EXPECT_EQ(execution.value("output", ""), "woke") << execution;
}

TEST_F(Outages, WithoutCheckpointsAnInterruptedExecutionStartsOver) {
  // The first call of b never gets an answer.
  std::atomic<int> calls_of_b{0};
  RawServer server([&](const std::string& request, int) {
    const bool silent = request.starts_with("POST /b") && calls_of_b++ == 0;
    return silent ? std::string() : http_answer(200, "{}");
  });
  stack.create("name: fast\nsettings: {enable_checkpoints: false}\nnodes:\n  - {id: a, type: http, config: {url: '" +
               server.url() + "/a', method: POST}}\n  - {id: b, type: http, depends_on: a, config: {url: '" +
               server.url() + "/b', method: POST}}\n");
  const std::string id = stack.submit("fast", 1);
  ASSERT_TRUE(eventually(seconds(20), [&] { return calls_of_b == 1; }));
  EXPECT_EQ(stack.query("select count(*) from journal where execution_id = '" + id + "'"), "0");
  EXPECT_TRUE(
      eventually(seconds(10), [&] { return stack.get("/api/executions/" + id).json()["status"] == "running"; }));
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).kill();
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).start();
  const Json execution = stack.wait_end(id, seconds(60));
  EXPECT_EQ(execution.value("status", ""), "completed") << execution;
  EXPECT_EQ(stack.query("select count(*) from executions where id = '" + id + "'"), "1");
  std::map<std::string, std::set<std::string>> keys;  // by path
  std::map<std::string, int> calls;
  for (const std::string& request : server.requests()) {
    const std::string path = request.substr(5, 2);
    const std::size_t key = request.find("Idempotency-Key: ");
    ASSERT_NE(key, std::string::npos) << request;
    keys[path].insert(request.substr(key, request.find('\r', key) - key));
    ++calls[path];
  }
  for (const char* path : {"/a", "/b"}) {
    EXPECT_EQ(calls[path], 2) << path;
    EXPECT_EQ(keys[path].size(), 1u) << path;
  }
}

TEST_F(Outages, AFrozenSchedulerIsFencedAndWritesNothingWhenItWakes) {
  ChildProcess& frozen = stack.service("r8r-scheduler", 0);
  std::vector<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(stack.submit("fine", i));
  frozen.signal(SIGSTOP);
  for (int i = 50; i < 100; ++i) ids.push_back(stack.submit("fine", i));
  for (const std::string& id : ids) EXPECT_EQ(stack.wait_end(id, seconds(60)).value("status", ""), "completed");
  frozen.signal(SIGCONT);
  EXPECT_TRUE(stack.wait_ready()) << stack.not_ready();
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(stack.get("/api/executions/" + ids[static_cast<std::size_t>(i)]).json()["output"], i);
}

TEST_F(Outages, ADeadWorkersTasksAreRunByAnother) {
  stack.create(
      "name: calls\nnodes:\n  - {id: call, type: http, config: {url: '{{ input.url }}', timeout_seconds: 60}}\n");
  // The first call never gets an answer; its worker dies; the second delivery does.
  RawServer server([](const std::string&, int number) { return number == 0 ? std::string() : http_answer(200, "{}"); });
  const std::string id = stack.submit("calls", {{"url", server.url()}});
  ASSERT_TRUE(eventually(seconds(10), [&] { return server.requests().size() == 1; }));
  // Which worker has it is not told: both die, one after the other has come back.
  for (int i = 0; i < 2; ++i) {
    stack.service("r8r-worker", i).kill();
    stack.service("r8r-worker", i).start();
  }
  const Json execution = stack.wait_end(id, seconds(90));
  EXPECT_EQ(execution.value("status", ""), "completed") << execution;
  const auto requests = server.requests();
  EXPECT_EQ(requests.size(), 2u);
}

TEST_F(Outages, ADrainedSchedulerHandsOverWithoutAPause) {
  const auto code = stack.service("r8r-scheduler", 0).stop(seconds(15));
  EXPECT_EQ(code, 0);
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(works());
  // Well before a lease of three seconds could have run out for half of them.
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(15));
}

TEST_F(Outages, EveryServiceEndsCleanlyOnSigterm) {
  for (const char* name : {"r8r-api", "r8r-worker", "r8r-scheduler"})
    EXPECT_EQ(stack.service(name, 1).stop(seconds(15)), 0) << name;
  EXPECT_TRUE(eventually(seconds(10), [&] { return works(); }));
}

}  // namespace
}  // namespace r8r::test
