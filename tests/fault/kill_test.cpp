// Kills every kind of process in turn under load, then looks at each execution that was promised.
#include <gmock/gmock.h>

#include <atomic>
#include <random>
#include <thread>

#include "tests/support/stack.hpp"
#include "tests/support/tcp.hpp"

namespace r8r::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Enough for several rounds over all processes; the longer run is ./dev test with R8R_FAULT_SECONDS set.
seconds load_time() {
  const char* text = std::getenv("R8R_FAULT_SECONDS");
  return seconds(text == nullptr ? 45 : std::atoi(text));
}

constexpr const char* kMixed = R"(
name: mixed
nodes:
  - {id: first, type: transform, config: {expression: '#{ n: input.n, url: input.url }'}}
  - {id: pause, type: wait, depends_on: first, config: {milliseconds: 50}}
  - id: call
    type: http
    depends_on: first
    config: {url: '{{ input.url }}/{{ input.n }}', method: POST, body: {n: '{{ input.n }}'}, timeout_seconds: 10}
    retry: {max_attempts: 5, delay_seconds: 0.2}
  - {id: last, type: transform, depends_on: [call, pause], config: {expression: '#{ n: nodes.first.n, seen: input.call.body.n }'}}
)";
constexpr const char* kChain = R"(
name: chain
nodes:
  - {id: a, type: transform, config: {expression: '#{ n: input.n + 1 }'}}
  - {id: b, type: transform, depends_on: a, config: {expression: '#{ n: input.n + 1 }'}}
)";

struct Promise {
  std::string id;
  bool mixed;
  int n;
};

std::string header_of(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const std::size_t from = at + 4 + name.size();
  return request.substr(from, request.find("\r\n", from) - from);
}

TEST(Faults, EveryPromisedExecutionEndsOnceWhateverIsKilled) {
  Stack stack;
  stack.start();
  stack.create(kMixed);
  stack.create(kChain);
  RawServer outside([](const std::string& request, int) {
    const std::size_t body = request.find("\r\n\r\n");
    return http_answer(200, body == std::string::npos ? "{}" : request.substr(body + 4));
  });

  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::vector<Promise> promises;
  std::vector<Json> answers;  // of synchronous runs
  const auto load = [&](int lane) {
    for (int i = 0; !stop; ++i) {
      const int n = lane * 1'000'000 + i;
      const bool mixed = i % 3 != 0;
      const bool wait = i % 4 == 0;
      const HttpAnswer answer = call(
          {.method = "POST",
           .url = stack.url(i % 2) + "/api/workflows/" + (mixed ? "mixed" : "chain") + "/execute",
           .body =
               Json({{"input", {{"n", n}, {"url", outside.url()}}}, {"wait", wait}, {"timeout_seconds", 20}}).dump(),
           .headers = {},
           .timeout = seconds(25)});
      const std::lock_guard lock(mutex);
      if (answer.status == 202 || answer.status == 200) {
        promises.push_back({answer.json().value("execution_id", ""), mixed, n});
        if (answer.status == 200) answers.push_back(answer.json());
      } else if (answer.status == 504) {
        promises.push_back({answer.json()["error"].value("execution_id", ""), mixed, n});
      } else {
        // Refused or cut off: nothing was promised. Not in a hot loop.
        give_way(milliseconds(20));
      }
    }
  };
  std::vector<std::thread> lanes;
  for (int lane = 0; lane < 4; ++lane) lanes.emplace_back(load, lane);

  std::mt19937 random(20260120);
  const auto until = std::chrono::steady_clock::now() + load_time();
  int kills = 0;
  std::vector<ChildProcess*> services = stack.services();
  while (std::chrono::steady_clock::now() < until) {
    give_way(milliseconds(1'000 + static_cast<int>(random() % 1'500)));
    const std::size_t turn = static_cast<std::size_t>(kills++) % (services.size() + 1);
    if (turn == services.size()) {
      stack.restart_nats();
    } else {
      services[turn]->kill();
      give_way(milliseconds(static_cast<int>(random() % 1'000)));
      services[turn]->start();
    }
  }
  stop = true;
  for (std::thread& lane : lanes) lane.join();
  ASSERT_TRUE(stack.wait_ready()) << stack.not_ready();

  ASSERT_GT(promises.size(), 50u) << "too little load to say anything";
  int failed = 0;
  for (const Promise& promise : promises) {
    ASSERT_FALSE(promise.id.empty());
    const Json execution = stack.wait_end(promise.id, seconds(120));
    ASSERT_TRUE(execution.is_object()) << promise.id
                                       << " never ended: " << stack.get("/api/executions/" + promise.id).body;
    if (execution["status"] != "completed") {
      ++failed;
      ADD_FAILURE() << execution;
      continue;
    }
    if (promise.mixed) {
      EXPECT_EQ(execution["output"], Json({{"n", promise.n}, {"seen", promise.n}})) << promise.id;
    } else {
      EXPECT_EQ(execution["output"], Json({{"n", promise.n + 2}})) << promise.id;
    }
    // Each node once, in an order that its dependencies allow.
    const Json trace = stack.get("/api/executions/" + promise.id + "/trace").json();
    EXPECT_EQ(trace["nodes"].size(), promise.mixed ? 4u : 2u) << trace;
  }
  // What was answered is what is recorded.
  for (const Json& answer : answers)
    EXPECT_EQ(stack.get("/api/executions/" + answer.value("execution_id", "")).json()["output"], answer["output"]);

  // One key for all deliveries of an attempt.
  std::map<std::string, int> calls_by_key;
  for (const std::string& request : outside.requests()) ++calls_by_key[header_of(request, "Idempotency-Key")];
  EXPECT_FALSE(calls_by_key.contains("")) << "a call without its key";
  int repeated = 0;
  for (const auto& [key, count] : calls_by_key) repeated += count > 1 ? 1 : 0;

  // Nothing is left half done: no live execution, no timer.
  EXPECT_TRUE(eventually(seconds(60),
                         [&] {
                           return stack.query("select count(*) from live_executions") == "0" &&
                                  stack.query("select count(*) from timers") == "0";
                         }))
      << "live: " << stack.query("select count(*) from live_executions");
  EXPECT_EQ(stack.query("select count(*) from (select id from executions group by id having count(*) > 1) twice"), "0");
  std::printf("kills %d, promised %zu, failed %d, outside calls %zu, of them repeated keys %d\n", kills,
              promises.size(), failed, outside.requests().size(), repeated);
}

}  // namespace
}  // namespace r8r::test
