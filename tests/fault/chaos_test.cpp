// A whole stack under load, of which something breaks every two seconds; then each promise is looked at.
#include <gmock/gmock.h>

#include <set>

#include "tests/fault/faults.hpp"
#include "tests/fault/load.hpp"
#include "tests/fault/outside.hpp"

namespace r8r::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long things break; ./dev chaos sets it.
seconds storm() {
  const char* text = std::getenv("R8R_CHAOS_SECONDS");
  return seconds(text == nullptr ? 180 : std::atoi(text));
}

unsigned seed() {
  const char* text = std::getenv("R8R_CHAOS_SEED");
  return text == nullptr ? 20260120u : static_cast<unsigned>(std::atol(text));
}

constexpr const char* kTick = R"(
name: tick
triggers: [{type: cron, schedule: '* * * * * *'}]
nodes:
  - {id: a, type: transform, config: {expression: 'input.scheduled_at'}}
)";

/// What the calls of the outside world say about one node of one execution.
struct Visits {
  std::set<std::string> keys;
  std::chrono::steady_clock::time_point first = std::chrono::steady_clock::time_point::max();
};

void check_promises(Stack& stack, const std::vector<Promise>& promises) {
  std::set<std::string> seen;
  for (const Promise& promise : promises) {
    ASSERT_FALSE(promise.id.empty());
    if (!seen.insert(promise.id).second) continue;
    const Json execution = stack.wait_end(promise.id, seconds(120));
    ASSERT_TRUE(execution.is_object()) << promise.id
                                       << " never ended: " << stack.get("/api/executions/" + promise.id).body;
    EXPECT_EQ(execution["status"], "completed") << execution;
    EXPECT_EQ(execution["output"], Load::expected(promise)) << execution;
  }
}

void check_answers(Stack& stack, const std::vector<Json>& answers) {
  for (const Json& answer : answers) {
    const Json execution = stack.get("/api/executions/" + answer.value("execution_id", "")).json();
    EXPECT_EQ(execution["output"], answer["output"]) << "what was answered is not what is recorded";
    EXPECT_EQ(execution["status"], answer["status"]);
  }
}

// Repeated calls are counted: how many keys came more than once, before `calm_until` and in all.
std::pair<int, int> check_calls(const std::vector<Outside::Call>& calls,
                                std::chrono::steady_clock::time_point calm_until) {
  std::map<std::string, int> by_key;
  std::map<std::string, std::string> path_of_key;
  std::map<std::string, Visits> by_path;
  int calm = 0;
  for (const Outside::Call& call : calls) {
    EXPECT_FALSE(call.key.empty()) << call.path << " was called without a key";
    if (++by_key[call.key] == 2 && call.at < calm_until) ++calm;
    const auto [known, first] = path_of_key.emplace(call.key, call.path);
    EXPECT_EQ(known->second, call.path) << "one key for two calls: " << call.key;
    Visits& visits = by_path[call.path];
    visits.keys.insert(call.key);
    visits.first = std::min(visits.first, call.at);
  }
  for (const auto& [path, visits] : by_path) {
    const std::string second = "/pair/second/";
    if (!path.starts_with(second)) continue;
    const auto cause = by_path.find("/pair/first/" + path.substr(second.size()));
    EXPECT_TRUE(cause != by_path.end()) << path << " was called, what it follows from never";
    if (cause == by_path.end()) continue;
    EXPECT_LT(cause->second.first, visits.first) << path << " was called before what it follows from";
  }
  int repeated = 0;
  for (const auto& [key, count] : by_key) repeated += count > 1 ? 1 : 0;
  return {calm, repeated};
}

void check_database(Stack& stack) {
  const auto none = [&](const char* what, const std::string& sql) { EXPECT_EQ(stack.query(sql), "0") << what; };
  EXPECT_TRUE(eventually(seconds(120), [&] { return stack.query("select count(*) from live_executions") == "0"; }))
      << "live: " << stack.query("select count(*) from live_executions");
  none("timers are left", "select count(*) from timers");
  none("executions ended twice",
       "select count(*) from (select id from executions group by id, run having count(*) > 1) twice");
  none("journals have gaps",
       "select count(*) from (select 1 from journal group by execution_id, run having count(*) <> max(seq)) gaps");
  none("journal rows of nothing",
       "select count(*) from journal j where not exists (select 1 from executions x where x.id = j.execution_id and "
       "x.run = "
       "j.run)");
  // One attempt, one result: of each node, item and attempt at most one entry that says how it ended.
  none("results were applied twice",
       "select count(*) from (select execution_id, run, entry->>'node', entry->>'item', entry->>'attempt' "
       "from node_events where entry->>'kind' in ('completed', 'failed') "
       "group by 1, 2, 3, 4, 5 having count(*) > 1) twice");
}

// What no answer promised, but what the database must have all the same.
void check_consequences(Stack& stack) {
  EXPECT_EQ(stack.query("select count(*) from executions where workflow_name = 'after-chain'"),
            stack.query("select count(*) from executions where workflow_name = 'chain' and status = 'completed'"))
      << "each end of a chain starts one";
  EXPECT_EQ(stack.query("select count(*) from executions where parent_execution_id is not null"),
            stack.query("select count(*) from executions where workflow_name = 'parent'"))
      << "each parent has one child";
  EXPECT_EQ(stack.query("select count(*) from approvals where status <> 'approved'"), "0");
  EXPECT_EQ(stack.query("select count(*) from approvals"),
            stack.query("select count(*) from executions where workflow_name = 'asks'"));
  const std::string most = stack.query(
      "select coalesce(max(n), 0) from (select count(*) as n from executions a join executions b on b.workflow_name = "
      "a.workflow_name and b.started_at <= a.started_at and b.finished_at > a.started_at where a.workflow_name = "
      "'limited' group by a.id) as at_one_time");
  EXPECT_LE(std::atoi(most.c_str()), 3) << "more ran at one time than the limit allows";
}

TEST(Chaos, EveryPromiseIsKeptWhateverBreaks) {
  Stack stack({.apis = 2, .schedulers = 3, .workers = 3});
  stack.start();
  Load::create_workflows(stack);
  stack.create(kTick);
  Outside outside;
  Load load(stack, outside.url(), 6);
  give_way(seconds(10));  // calm: nothing breaks, nothing is called twice
  const auto calm_until = std::chrono::steady_clock::now();

  Faults faults(stack, seed());
  const auto until = calm_until + storm();
  while (std::chrono::steady_clock::now() < until && !testing::Test::HasFatalFailure()) {
    faults.strike();
    give_way(milliseconds(2'000));
  }
  faults.heal();
  load.stop();
  ASSERT_TRUE(stack.wait_ready()) << stack.not_ready();

  const HttpAnswer stopped = stack.post("/api/workflows", {{"definition", kTick}, {"enabled", false}});
  ASSERT_LT(stopped.status, 300) << stopped.body;

  const std::vector<Promise> promises = load.promises();
  ASSERT_GT(promises.size(), 200u) << "too little load to say anything";
  check_promises(stack, promises);
  check_answers(stack, load.answers());
  const auto [calm_repeats, repeats] = check_calls(outside.calls(), calm_until);
  EXPECT_EQ(calm_repeats, 0) << "calls were repeated while nothing was broken";
  check_database(stack);
  check_consequences(stack);
  const std::string fired = stack.query("select count(*) from executions where trigger_type = 'cron'");
  EXPECT_GT(std::atoi(fired.c_str()), 5) << "the cron trigger hardly fired";
  EXPECT_EQ(fired, stack.query("select count(distinct input) from executions where trigger_type = 'cron'"))
      << "a time of the cron trigger fired twice";
  std::printf("seed %u; %s\npromised %zu, outside calls %zu, keys that came more than once %d, cron firings %s\n",
              seed(), faults.summary().c_str(), promises.size(), outside.calls().size(), repeats, fired.c_str());
}

}  // namespace
}  // namespace r8r::test
