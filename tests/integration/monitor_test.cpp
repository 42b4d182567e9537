#include <gmock/gmock.h>

#include "tests/integration/stack_fixture.hpp"
#include "tests/support/socket_client.hpp"

namespace r8r::test {
namespace {

using testing::ElementsAre;

class Monitor : public StackTest {
 protected:
  static int port(int api) {
    const std::string url = stack().url(api);
    return std::stoi(url.substr(url.rfind(':') + 1));
  }
  // Event types of one execution until its end.
  static std::vector<std::string> watch(SocketClient& client, const std::string& workflow) {
    std::vector<std::string> types;
    while (true) {
      const auto frame = client.read();
      if (!frame) return types;
      if (frame->value("workflow_name", "") != workflow) continue;
      types.push_back(frame->value("type", ""));
      if (types.back() == "execution_completed" || types.back() == "execution_failed") return types;
    }
  }
};

TEST_F(Monitor, EveryInstanceTellsEveryEventInOrder) {
  stack().create(
      "name: watched\nnodes:\n  - {id: a, type: transform, config: {expression: '1'}}\n"
      "  - {id: b, type: transform, depends_on: a, config: {expression: '2'}}\n");
  SocketClient first(port(0), "/api/monitor");
  SocketClient second(port(1), "/api/monitor?workflow=watched");
  ASSERT_EQ(first.status(), 101);
  ASSERT_EQ((*first.read())["type"], "connected");
  ASSERT_EQ((*second.read())["type"], "connected");
  const Json answer = stack().execute("watched", 2);
  EXPECT_EQ(answer["status"], "completed") << answer;
  const auto expected = ElementsAre("execution_started", "node_started", "node_completed", "node_started",
                                    "node_completed", "execution_completed");
  EXPECT_THAT(watch(first, "watched"), expected);
  EXPECT_THAT(watch(second, "watched"), expected);
}

TEST_F(Monitor, EventsCarryWhatTheGuideShows) {
  stack().create("name: shown\nnodes:\n  - {id: only, type: transform, config: {expression: '1'}}\n");
  SocketClient client(port(0), "/api/monitor?workflow=shown");
  client.read();
  stack().execute("shown", 1);
  std::optional<Json> completed;
  while (const auto frame = client.read()) {
    if (frame->value("type", "") == "node_completed") completed = frame;
    if (frame->value("type", "") == "execution_completed") break;
  }
  ASSERT_TRUE(completed);
  EXPECT_EQ((*completed)["event"], "node_completed");
  EXPECT_EQ((*completed)["node_id"], "only");
  EXPECT_EQ((*completed)["status"], "completed");
  EXPECT_TRUE((*completed)["duration_ms"].is_number());
  EXPECT_EQ((*completed)["workflow_name"], "shown");
  EXPECT_EQ((*completed)["seq"], 3);
}

TEST_F(Monitor, ClientsCanNarrowAndPing) {
  SocketClient client(port(0), "/api/monitor");
  client.read();
  client.send(R"({"action":"ping","id":7})");
  const auto pong = client.read();
  ASSERT_TRUE(pong);
  EXPECT_EQ((*pong)["type"], "pong");
  EXPECT_EQ((*pong)["id"], 7);
  client.send(R"({"action":"subscribe","workflow":"nothing"})");
  EXPECT_EQ((*client.read())["type"], "subscribed");
  client.send("not json");
  EXPECT_EQ((*client.read())["type"], "error");
}

TEST_F(Monitor, BinaryFramesAreRefused) {
  SocketClient client(port(0), "/api/monitor");
  client.read();
  client.send_binary("x");
  EXPECT_EQ(client.wait_close(), 1003);
}

TEST_F(Monitor, ForeignOriginsAreRefused) {
  EXPECT_EQ(SocketClient(port(0), "/api/monitor", "http://evil.example").status(), 403);
}

TEST(MonitorAccess, ATokenIsAskedForWhenOneIsSet) {
  Stack stack({.apis = 1, .schedulers = 1, .workers = 1, .environment = {{"R8R_MONITOR_TOKEN", "sesame"}}});
  stack.start();
  const std::string url = stack.url();
  const int port = std::stoi(url.substr(url.rfind(':') + 1));
  EXPECT_EQ(SocketClient(port, "/api/monitor").status(), 401);
  EXPECT_EQ(SocketClient(port, "/api/monitor?token=wrong").status(), 401);
  EXPECT_EQ(SocketClient(port, "/api/monitor?token=sesame").status(), 101);
}

}  // namespace
}  // namespace r8r::test
