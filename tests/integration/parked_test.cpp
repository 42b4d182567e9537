// Executions that wait for long and are not in any scheduler's memory.
#include <gmock/gmock.h>

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

using std::chrono::seconds;

constexpr const char* kNodes = R"(
nodes:
  - {id: call, type: http, config: {url: '{{ input.url }}', method: POST}}
  - {id: w, type: wait, depends_on: call, config: {hours: 2}}
)";

awaitable<void> publish(asio::io_context& io, std::string url, std::string subject, std::string message) {
  bus::Options options;
  options.url = std::move(url);
  options.name = "test";
  auto connection = co_await bus::Connection::connect(io, std::move(options), seconds(10));
  if (!connection) co_return;
  (*connection)->publish(subject, message);
  co_await (*connection)->flush(seconds(10));
}

struct Late {
  std::string name;
  std::chrono::hours age;  ///< by the clock of the scheduler
  std::string settings;
};

class LateRequest : public testing::TestWithParam<Late> {};

TEST_P(LateRequest, DoesNotBeginAParkedExecutionAgain) {
  Stack stack;
  stack.start();
  stack.create("name: call-and-wait\nsettings: {" + GetParam().settings + "}" + kNodes);
  RawServer server([](const std::string&, int) { return http_answer(200, "{}"); });
  const Json input{{"url", server.url()}};
  const std::string id = stack.submit("call-and-wait", input);
  const std::string row = "from live_executions where id = '" + id + "'";
  ASSERT_TRUE(eventually(seconds(30), [&] { return stack.query("select parked " + row) == "t"; }));
  EXPECT_EQ(stack.query("select string_agg(node_id, ',' order by node_id) from timers"), "#deadline,w");
  const int partition = std::stoi(stack.query("select partition " + row));
  const std::string owner = "select coalesce(owner, 0) from partitions where id = " + std::to_string(partition);
  const std::string first_owner = stack.query(owner);
  // Whoever owns it then has never heard of it.
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).kill();
  for (int i = 0; i < 2; ++i) stack.service("r8r-scheduler", i).start();
  ASSERT_TRUE(eventually(seconds(30), [&] {
    const std::string now = stack.query(owner);
    return now != first_owner && now != "0";
  }));
  ASSERT_TRUE(stack.wait_ready()) << stack.not_ready();

  const std::string journal =
      "select string_agg(entries, '' order by seq) from journal where execution_id = '" + id + "'";
  const std::string before = stack.query(journal);
  const bus::ExecRequest late{.execution_id = *Uuid::parse(id),
                              .partition = partition,
                              .workflow_id = *Uuid::parse(stack.query("select workflow_id " + row)),
                              .workflow_version = 1,
                              .workflow_name = "call-and-wait",
                              .trigger_type = "api",
                              .correlation_id = id,
                              .input = input.dump(),
                              .accepted_at = wall_now() - GetParam().age};
  asio::io_context io;
  asio::co_spawn(io, publish(io, stack.nats_url(), bus::exec_subject(partition), bus::encode(late)), asio::detached);
  io.run();
  const auto waits_for = [&] { return stack.get("/api/executions/" + id + "/why").body; };
  EXPECT_TRUE(eventually(seconds(30), [&] { return waits_for().find("\"w\"") != std::string::npos; })) << waits_for();
  EXPECT_EQ(stack.query(journal), before);
  EXPECT_EQ(stack.post("/api/executions/" + id + "/cancel", Json::object()).status, 200);
  EXPECT_EQ(stack.wait_end(id)["status"], "cancelled");
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(stack.query("select count(*) from timers"), "0");
}

INSTANTIATE_TEST_SUITE_P(Each, LateRequest,
                         testing::Values(Late{"Young", std::chrono::hours(0), ""},
                                         Late{"WithoutCheckpoints", std::chrono::hours(0), "enable_checkpoints: false"},
                                         Late{"Old", std::chrono::hours(1), ""},
                                         Late{"OfAClockAhead", std::chrono::hours(-1), ""}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace r8r::test
