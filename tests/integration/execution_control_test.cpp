// for_each over http, and pause, resume and cancel through the subject that schedulers listen to.
#include <gmock/gmock.h>

#include <set>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "common/base/async.hpp"
#include "common/bus/connection.hpp"
#include "common/bus/messages.hpp"
#include "common/bus/subjects.hpp"
#include "tests/integration/stack_fixture.hpp"
#include "tests/support/tcp.hpp"

namespace r8r::test {
namespace {

using testing::SizeIs;

class ExecutionControl : public StackTest {
 protected:
  // One request to the owner of the execution's partition.
  bus::ControlReply control(const std::string& id, int partition, std::string action) {
    asio::io_context io;
    bus::ControlReply reply;
    bus::ControlRequest request{.execution_id = *Uuid::parse(id), .partition = partition, .action = std::move(action)};
    asio::co_spawn(io, ask(io, stack().nats_url(), std::move(request), reply), asio::detached);
    io.run();
    return reply;
  }
  int partition_of(const std::string& id) {
    return std::stoi(stack().query("select partition from live_executions where id = '" + id + "'"));
  }
  std::string status_of(const std::string& id) {
    return stack().get("/api/executions/" + id).json().value("status", "");
  }
  static bool has_waiting_node(const std::string& id) {
    return stack().get("/api/executions/" + id + "/trace").body.find("\"waiting\"") != std::string::npos;
  }

 private:
  static awaitable<void> ask(asio::io_context& io, std::string url, bus::ControlRequest request,
                             bus::ControlReply& reply) {
    bus::Options options;
    options.url = url;
    options.name = "test";
    auto connection = co_await bus::Connection::connect(io, std::move(options), std::chrono::seconds(10));
    if (!connection) co_return;
    std::string subject = bus::control_subject(request.partition);
    std::string text = bus::encode(request);
    Result<bus::Message> answer =
        co_await (*connection)->request(std::move(subject), std::move(text), std::chrono::seconds(10));
    if (!answer) co_return;
    auto replies = bus::decode<bus::ControlReply>(answer->data);
    if (replies && !replies->empty()) reply = replies->front();
  }
};

constexpr const char* kEach = R"(
name: each
settings: {max_concurrency: 3}
nodes:
  - id: call
    type: http
    for_each: input.paths
    config: {url: '{{ nodes.base.url }}/{{ item }}', method: POST, body: {n: '{{ index }}'}}
    depends_on: base
    retry: {max_attempts: 2, delay_seconds: 0.05}
    on_error: {fallback_value: 'no {{ item }}'}
  - {id: base, type: debug}
  - {id: end, type: transform, depends_on: call, config: {expression: 'input.map(|x| type_of(x) == "string" ? x : x.body.path)'}}
)";

TEST_F(ExecutionControl, ItemsOfAnHttpNodeAreCallsOfTheirOwn) {
  stack().create(kEach);
  RawServer server([](const std::string& request, int) {
    const std::string path = request.substr(6, request.find(' ', 6) - 6);
    return path == "bad" ? http_answer(500, "{}") : http_answer(200, "{\"path\":\"" + path + "\"}");
  });
  const Json answer = stack().execute("each", {{"url", server.url()}, {"paths", {"a", "bad", "c", "d", "e"}}});
  EXPECT_EQ(answer["output"], (Json{"a", "no bad", "c", "d", "e"})) << answer;
  std::set<std::string> keys;
  for (const std::string& request : server.requests()) {
    const std::size_t at = request.find("Idempotency-Key: ");
    keys.insert(request.substr(at, request.find("\r\n", at) - at));
  }
  EXPECT_THAT(keys, SizeIs(6)) << "five items, one of them twice";
  const Json trace = stack().get("/api/executions/" + answer.value("execution_id", "") + "/trace").json();
  int items = 0;
  for (const Json& node : trace["nodes"]) {
    if (node["node_id"] != "call" || node["item_index"].is_null()) continue;
    ++items;
    EXPECT_EQ(node["item_count"], 5);
    EXPECT_EQ(node["attempt"], node["item_index"] == 1 ? 2 : 1) << node;
    EXPECT_EQ(node["status"], node["item_index"] == 1 ? "failed" : "completed") << node;
  }
  EXPECT_EQ(items, 5) << trace;
}

constexpr const char* kTwoSteps = R"(
name: two-steps
nodes:
  - {id: base, type: debug}
  - {id: one, type: http, depends_on: base, config: {url: '{{ input.url }}/one'}}
  - {id: pause, type: wait, depends_on: one, config: {seconds: 1, passthrough: false}}
  - {id: two, type: http, depends_on: pause, config: {url: '{{ nodes.base.url }}/two'}}
)";

TEST_F(ExecutionControl, APausedExecutionWaitsUntilItIsResumed) {
  stack().create(kTwoSteps);
  RawServer server([](const std::string&, int) { return http_answer(200, "{}"); });
  const std::string id = stack().submit("two-steps", {{"url", server.url()}});
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] { return server.requests().size() == 1; }));
  const int partition = partition_of(id);
  EXPECT_EQ(control(id, partition, "pause").status, "paused");
  EXPECT_EQ(control(id, partition, "pause").error_code, "INVALID_STATE");
  EXPECT_EQ(status_of(id), "paused");
  // The wait goes on; what follows it does not begin.
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] {
    return stack().get("/api/executions/" + id + "/trace").body.find("waited_ms") != std::string::npos;
  }));
  EXPECT_THAT(server.requests(), SizeIs(1));
  EXPECT_EQ(control(id, partition, "resume").status, "running");
  const Json ended = stack().wait_end(id);
  EXPECT_EQ(ended["status"], "completed") << ended;
  EXPECT_THAT(server.requests(), SizeIs(2));
}

TEST_F(ExecutionControl, ACancelledExecutionComesBackAsItsNextRun) {
  stack().create(R"(
name: slow
nodes:
  - {id: quick, type: transform, config: {expression: 'uuid()'}}
  - {id: call, type: http, depends_on: quick, config: {url: 'http://127.0.0.1:1/'}, retry: {max_attempts: 5, delay_seconds: 3600}}
)");
  const std::string id = stack().submit("slow", Json::object());
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] { return has_waiting_node(id); }));
  const int partition = partition_of(id);
  EXPECT_EQ(control(id, partition, "cancel").status, "cancelled");
  const Json cancelled = stack().wait_end(id);
  EXPECT_EQ(cancelled["status"], "cancelled") << cancelled;
  EXPECT_EQ(control(id, partition, "pause").error_code, "INVALID_STATE");
  const Json before = stack().get("/api/executions/" + id + "/trace").json();

  EXPECT_EQ(control(id, partition, "resume").status, "running");
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] { return has_waiting_node(id); }));
  const Json again = stack().get("/api/executions/" + id + "/trace").json();
  EXPECT_EQ(again["nodes"][0]["output"], before["nodes"][0]["output"]) << "what completed is kept: " << again;
  EXPECT_EQ(stack().query("select run from live_executions where id = '" + id + "'"), "2");
  EXPECT_EQ(control(id, partition, "cancel").status, "cancelled");
  EXPECT_EQ(control("0199a1b2-c3d4-7e5f-8a6b-0123456789ab", 0, "cancel").error_code, "EXECUTION_NOT_FOUND");
}

}  // namespace
}  // namespace r8r::test
