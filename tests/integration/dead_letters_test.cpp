// Failed executions: their entries, retries as later runs, discarding. One stack of its own: the lists are of the whole
// system.
#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "tests/integration/stack_fixture.hpp"
#include "tests/support/tcp.hpp"

namespace r8r::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kPay = R"(
name: pay
nodes:
  - {id: prepare, type: transform, config: {expression: '{text: repeat("x", input.bytes), url: input.url}'}}
  - {id: call, type: http, depends_on: prepare, config: {url: '{{ input.url }}', method: POST, body: {length: '{{ nodes.prepare.output.text.len() }}'}}}
  - {id: end, type: transform, depends_on: call, config: {expression: 'nodes.prepare.output.text.len()'}}
)";

class DeadLetters : public StackTest {
 protected:
  DeadLetters()
      : server_([this](const std::string&, int) {
          eventually(std::chrono::seconds(60), [this] { return !held_; });
          return http_answer(broken_ ? 500 : 200, R"({"ok":true})");
        }) {
    stack().create(kPay);
  }
  std::string failed(int bytes = 3) {
    broken_ = true;
    const Json answer = stack().execute("pay", {{"url", server_.url()}, {"bytes", bytes}});
    EXPECT_EQ(answer["status"], "failed") << answer;
    return answer.value("execution_id", "");
  }
  static Json entry(const std::string& id) { return stack().get("/api/dead-letters/" + id).json(); }
  static bool becomes(const std::string& id, const std::string& status) {
    return eventually(std::chrono::seconds(30), [&] { return entry(id)["status"] == status; });
  }
  static Finished r8r(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--url", stack().url()});
    return run(program_path("r8r"), arguments);
  }

  std::atomic<bool> broken_ = false;
  std::atomic<bool> held_ = false;  // the other side lets its callers wait
  RawServer server_;
};

TEST_F(DeadLetters, AFailureThatAnotherExecutionWaitsForIsHandledByThat) {
  stack().create("name: breaks\nnodes: [{id: a, type: transform, config: {expression: 'throw \"no\"'}}]\n");
  const std::string calls = "{id: kid, type: subworkflow, config: {workflow: breaks}";
  stack().create("name: copes\nnodes: [" + calls + ", on_error: {action: continue}}]\n");
  stack().create("name: passes-it-on\nnodes: [" + calls + "}]\n");
  EXPECT_EQ(stack().execute("copes", Json::object())["status"], "completed");
  EXPECT_EQ(stack().execute("passes-it-on", Json::object())["status"], "failed");
  EXPECT_EQ(stack().query("select string_agg(workflow_name, ',') from dead_letters where workflow_name in "
                          "('breaks', 'copes', 'passes-it-on')"),
            "passes-it-on");
}

TEST_F(DeadLetters, AFailedExecutionHasAnEntryAtOnce) {
  const std::string id = failed();
  const Json found = entry(id);
  EXPECT_EQ(found["execution_id"], id);
  EXPECT_EQ(found["workflow_name"], "pay");
  EXPECT_EQ(found["trigger_type"], "api");
  EXPECT_EQ(found["input"]["bytes"], 3);
  EXPECT_EQ(found["failed_node_id"], "call");
  EXPECT_THAT(found.value("error", ""), HasSubstr("500"));
  EXPECT_EQ(found["retry_count"], 0);
  EXPECT_EQ(found["status"], "pending");
  EXPECT_EQ(entry(found.value("id", "")), found) << "by its own id, too";
  const Json list = stack().get("/api/dead-letters?workflow=pay&limit=1", 1).json();
  ASSERT_THAT(list["dead_letters"], SizeIs(1));
  EXPECT_EQ(list["dead_letters"][0]["execution_id"], id) << "the newest";
}

TEST_F(DeadLetters, OneThatCompletesHasNone) {
  broken_ = false;
  const Json answer = stack().execute("pay", {{"url", server_.url()}, {"bytes", 3}});
  EXPECT_EQ(stack().get("/api/dead-letters/" + answer.value("execution_id", "")).status, 404);
}

TEST_F(DeadLetters, ARetryKeepsWhatCompletedAndResolvesTheEntryWhenItEndsWell) {
  const std::string id = failed(5'000'000);
  broken_ = false;
  const HttpAnswer begun = stack().post("/api/dead-letters/" + id + "/retry", Json::object());
  ASSERT_EQ(begun.status, 202) << begun.body;
  EXPECT_EQ(begun.headers.at("location"), "/api/executions/" + id);
  EXPECT_EQ(begun.json()["retry_count"], 1);
  ASSERT_TRUE(becomes(id, "resolved")) << entry(id);
  const Json execution = stack().get("/api/executions/" + id).json();
  EXPECT_EQ(execution["status"], "completed");
  EXPECT_EQ(execution["output"], 5'000'000) << "the large output of the run before was read";
  EXPECT_EQ(stack().query("select count(*) from executions where id = '" + id + "'"), "2");
  const HttpAnswer again = stack().post("/api/dead-letters/" + id + "/retry", Json::object());
  EXPECT_EQ(again.status, 409) << again.body;
  EXPECT_EQ(again.json()["error"]["code"], "INVALID_STATE");
}

TEST_F(DeadLetters, ARetryThatFailsAgainIsPendingAgain) {
  const std::string id = failed();
  ASSERT_EQ(stack().post("/api/dead-letters/" + id + "/retry", Json::object()).status, 202);
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] {
    const Json now = entry(id);
    return now["run"] == 2 && now["status"] == "pending";
  })) << entry(id);
  EXPECT_EQ(entry(id)["retry_count"], 1);
}

TEST_F(DeadLetters, OfManyRetriesAtOnceOneWins) {
  for (int round = 0; round < 3; ++round) {
    const std::string id = failed();
    const std::size_t before = server_.requests().size();
    held_ = round > 0;  // also while the first retry fails already
    std::atomic<int> won = 0;
    std::atomic<int> lost = 0;
    std::vector<std::thread> all;
    for (int i = 0; i < 6; ++i) {
      all.emplace_back([&, api = i % 2] {
        const int status = stack().post("/api/dead-letters/" + id + "/retry", Json::object(), api).status;
        if (status == 202) ++won;
        if (status == 409) ++lost;
      });
    }
    for (std::thread& one : all) one.join();
    held_ = false;
    EXPECT_EQ(won + lost, 6);
    if (round > 0) {
      EXPECT_EQ(won, 1);
    }
    ASSERT_TRUE(becomes(id, "pending"));
    EXPECT_EQ(entry(id)["run"], 1 + won);
    EXPECT_EQ(entry(id)["retry_count"], won.load());
    EXPECT_EQ(server_.requests().size(), before + static_cast<std::size_t>(won));
  }
}

TEST_F(DeadLetters, ManyAreRetriedByFilter) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(failed());
  stack().create("name: other\nnodes: [{id: a, type: transform, config: {expression: 'input.x.y'}}]\n");
  const std::string other = stack().execute("other", Json::object()).value("execution_id", "");
  broken_ = false;
  EXPECT_EQ(
      stack().post("/api/dead-letters/retry", {{"workflow", "pay"}, {"error", "no such words"}}).json()["matched"], 0);
  const HttpAnswer answer = stack().post("/api/dead-letters/retry", {{"workflow", "pay"}, {"error", "500"}});
  ASSERT_EQ(answer.status, 202) << answer.body;
  EXPECT_GE(answer.json()["retried"].size(), 3u);
  EXPECT_EQ(answer.json()["more"], false);
  for (const std::string& id : ids) EXPECT_TRUE(becomes(id, "resolved")) << entry(id);
  EXPECT_EQ(entry(other)["status"], "pending");
  EXPECT_EQ(stack().post("/api/dead-letters/retry", {{"since", "yesterday"}}).status, 400);
}

TEST_F(DeadLetters, ADiscardedOneIsOutOfTheWayAndStaysReadable) {
  const std::string id = failed();
  const std::string path = "/api/dead-letters/" + id;
  EXPECT_EQ(call({.method = "DELETE", .url = stack().url() + path}).status, 204);
  EXPECT_EQ(call({.method = "DELETE", .url = stack().url() + path}).status, 204) << "twice is as good as once";
  EXPECT_EQ(entry(id)["status"], "discarded");
  EXPECT_EQ(stack().post(path + "/retry", Json::object()).status, 409);
  EXPECT_EQ(stack().get("/api/executions/" + id).json()["status"], "failed");
  EXPECT_EQ(stack().get("/api/dead-letters/nothing").status, 404);
  EXPECT_EQ(stack().get("/api/dead-letters?status=lost").status, 400);
}

TEST_F(DeadLetters, PagesHoldEachOnce) {
  for (int i = 0; i < 4; ++i) failed();
  std::set<std::string> seen;
  std::size_t lines = 0;
  std::string cursor;
  do {
    const Json page =
        stack().get("/api/dead-letters?status=all&limit=3" + (cursor.empty() ? "" : "&cursor=" + cursor)).json();
    for (const Json& one : page["dead_letters"]) seen.insert(one.value("id", ""));
    lines += page["dead_letters"].size();
    cursor = page["next_cursor"].is_null() ? "" : page["next_cursor"].get<std::string>();
  } while (!cursor.empty());
  EXPECT_EQ(seen.size(), lines);
  const Json stats = stack().get("/api/dead-letters/stats").json();
  EXPECT_EQ(stats["total"], seen.size());
  EXPECT_EQ(stats["total"].get<int>(), stats["pending"].get<int>() + stats["scheduled"].get<int>() +
                                           stats["resolved"].get<int>() + stats["discarded"].get<int>() +
                                           stats["acknowledged"].get<int>());
}

TEST_F(DeadLetters, TheCommandLineListsShowsRetriesAndDiscards) {
  const std::string id = failed();
  const Finished list = r8r({"dlq", "list", "--workflow", "pay", "-n", "1"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr(id));
  EXPECT_THAT(r8r({"dlq", "show", id}).out, HasSubstr("Status: pending"));
  broken_ = false;
  EXPECT_EQ(r8r({"dlq", "retry", id}).exit_code, 0);
  EXPECT_TRUE(becomes(id, "resolved"));
  EXPECT_EQ(r8r({"dlq", "retry", id}).exit_code, 1);
  const std::string second = failed();
  EXPECT_EQ(r8r({"dlq", "discard", second}).exit_code, 0);
  EXPECT_EQ(entry(second)["status"], "discarded");
  const std::string third = failed();
  broken_ = false;
  EXPECT_EQ(r8r({"dlq", "retry", "--all", "--workflow", "pay"}).exit_code, 0);
  EXPECT_TRUE(becomes(third, "resolved"));
  EXPECT_EQ(r8r({"dlq", "retry"}).exit_code, 2);
  EXPECT_EQ(r8r({"dlq", "show", "01990000-0000-7000-8000-000000000001"}).exit_code, 3);
}

}  // namespace
}  // namespace r8r::test
