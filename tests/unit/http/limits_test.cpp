// What the server does with clients that send too much, too slowly, nonsense, or that go away.
#include <random>

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "tests/unit/http/raw_client.hpp"
#include "tests/unit/http/test_server.hpp"

namespace r8r::http {
namespace {

using namespace std::chrono_literals;

class LimitsTest : public ::testing::Test {
 protected:
  LimitsTest() { add_common_routes(server); }
  int status_of(const std::string& bytes) {
    RawClient client(server.port());
    const auto response = client.ask(bytes);
    return response ? response->status : 0;
  }
  void expect_alive() { EXPECT_EQ(status_of(get("/hello")), 200); }
  TestServer server;
};

TEST_F(LimitsTest, ADeclaredBodyOverTheLimitIsRefusedBeforeItIsRead) {
  server.options.max_body = 1000;
  server.start();
  RawClient client(server.port());
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"));
  const auto response = client.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(response->header("connection"), "close");
  EXPECT_EQ(status_of(post("/echo", std::string(1000, 'x'))), 200);
}

TEST_F(LimitsTest, AClientThatSendsItAllAnywayStillSeesTheRefusal) {
  server.start();
  RawClient client(server.port());
  ASSERT_TRUE(client.send(post("/echo", std::string(2 * 1024 * 1024, 'x'))));
  const auto response = client.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(LimitsTest, AChunkedBodyIsBounded) {
  server.options.max_body = 1000;
  server.start();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(status_of(head + "3e8\r\n" + std::string(1000, 'x') + "\r\n0\r\n\r\n"), 200);
  EXPECT_EQ(status_of(head + "3e9\r\n"), 413);
  EXPECT_EQ(status_of(head + "1f4\r\n" + std::string(500, 'x') + "\r\n1f5\r\n"), 413);
  EXPECT_EQ(status_of(head + "ffffffffffffffff\r\n"), 413);
  EXPECT_EQ(status_of(head + "5;" + std::string(40000, 'e')), 400);
  EXPECT_EQ(status_of(head + "0\r\nX: " + std::string(40000, 'e')), 400);
}

TEST_F(LimitsTest, LongRequestLinesAndHeadersAreRefused) {
  server.start();
  EXPECT_EQ(status_of(get("/items/" + std::string(8000, 'a'))), 200);
  EXPECT_EQ(status_of(get("/items/" + std::string(8192, 'a'))), 414);
  EXPECT_EQ(status_of("GET /" + std::string(9000, 'a')), 414);
  EXPECT_EQ(status_of(get("/hello", "X-Long: " + std::string(31000, 'a') + "\r\n")), 200);
  EXPECT_EQ(status_of(get("/hello", "X-Long: " + std::string(33000, 'a') + "\r\n")), 431);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX-Endless: " + std::string(40000, 'a')), 431);
  std::string many;
  for (int i = 0; i < 300; ++i) many += fmt::format("h{}: 1\r\n", i);
  EXPECT_EQ(status_of(get("/hello", many)), 431);
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += fmt::format("h{}: {}\r\n", i, std::string(200, 'v'));
  EXPECT_EQ(status_of(get("/hello", lines)), 431);
}

TEST_F(LimitsTest, MalformedRequestsAreRefusedAndTheConnectionEnds) {
  server.start();
  const std::string host = "Host: x\r\n";
  for (const std::string& bytes : {
           std::string("hello\r\n\r\n"),
           std::string("GET  / HTTP/1.1\r\n\r\n"),
           std::string("GET / HTTP/3.0\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\n\r\n"),  // no Host
           "GET / HTTP/1.1\r\n" + host + host + "\r\n",
           "GET / HTTP/1.1\n" + host + "\n\n\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Bad Name: x\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "NoColon\r\n\r\n",
           "GET /a\x01 HTTP/1.1\r\n" + host + "\r\n",
           "G\x7fT / HTTP/1.1\r\n" + host + "\r\n",
           "POST /echo HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
           "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1x\r\n\r\n",
           "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
           "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
           "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n",
           "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, gzip\r\n\r\n",
           "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
           std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n", 27),
       }) {
    RawClient client(server.port());
    const auto response = client.ask(bytes);
    ASSERT_TRUE(response) << bytes;
    EXPECT_EQ(response->status, 400) << bytes;
    EXPECT_EQ(response->header("connection"), "close");
    EXPECT_TRUE(client.closed_by_server()) << bytes;
  }
  expect_alive();
}

TEST_F(LimitsTest, HalfARequestAndThenSilenceIsCutOff) {
  server.options.header_timeout = 60ms;
  server.options.body_timeout = 60ms;
  server.start();
  RawClient head(server.port());
  const auto late = head.ask("GET /hello HTTP/1.1\r\nHo");
  ASSERT_TRUE(late);
  EXPECT_EQ(late->status, 408);
  EXPECT_TRUE(head.closed_by_server());
  RawClient body(server.port());
  EXPECT_EQ(body.ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")->status, 408);
  RawClient silent(server.port());
  EXPECT_TRUE(silent.closed_by_server());
  head.close();
  body.close();
  EXPECT_TRUE(server.eventually([this] { return server.server->connections() == 0; }));
}

TEST_F(LimitsTest, DrippingBytesDoesNotExtendTheTime) {
  server.options.header_timeout = 100ms;
  server.start();
  RawClient client(server.port());
  ASSERT_TRUE(client.send("GET /hello HTTP/1.1\r\nHost: x\r\nX-Slow: "));
  ASSERT_TRUE(server.eventually([this] { return server.server->connections() == 1; }));
  const auto begin = SteadyClock::now();
  auto next = begin;
  // A byte every few milliseconds, until the server has had enough of it.
  while (!client.has_input() && SteadyClock::now() - begin < 5s) {
    if (SteadyClock::now() < next) continue;
    next += 5ms;
    if (!client.send("z")) break;
  }
  EXPECT_LT(SteadyClock::now() - begin, 4s);
  client.finish_sending();
  EXPECT_EQ(client.receive()->status, 408);
  expect_alive();
}

TEST_F(LimitsTest, IdleConnectionsEndSilently) {
  server.options.idle_timeout = 60ms;
  server.start();
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/hello"))->status, 200);
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(LimitsTest, AHandlerIsNotCutOff) {
  server.options.header_timeout = server.options.body_timeout = server.options.idle_timeout =
      server.options.write_timeout = 40ms;
  server.start();
  RawClient waiting(server.port());
  ASSERT_TRUE(waiting.send(get("/gate")));
  RawClient idle(server.port());
  EXPECT_TRUE(idle.closed_by_server());  // so the time has passed
  open_gate(server);
  EXPECT_EQ(waiting.receive()->body, "through");
}

TEST_F(LimitsTest, AClientThatNeverReadsIsCutOff) {
  server.options.write_timeout = 60ms;
  server.options.max_body = 0;
  server.start();
  RawClient stuck(server.port(), 4096);
  // The time allowed grows with the size: this one is as small as it can be to fill the kernel's buffers.
  for (int i = 0; i < 400; ++i)
    if (!stuck.send(get("/big?size=15000"))) break;
  ASSERT_TRUE(server.eventually([this] { return server.server->connections() == 1; }));
  RawClient other(server.port());
  EXPECT_EQ(other.ask(get("/hello"))->status, 200);
  other.close();
  EXPECT_TRUE(server.eventually([this] { return server.server->connections() == 0; }));
}

TEST_F(LimitsTest, AClientThatLeavesDuringItsRequestDoesNoHarm) {
  server.start();
  for (int i = 0; i < 20; ++i) {
    RawClient gone(server.port());
    ASSERT_TRUE(gone.send(get("/gate") + get("/hello")));
    if (i % 2) gone.reset();
  }
  ASSERT_TRUE(server.eventually([this] { return server.server->in_flight() > 0; }));
  open_gate(server);
  EXPECT_TRUE(
      server.eventually([this] { return server.server->connections() == 0 && server.server->in_flight() == 0; }));
  expect_alive();
}

TEST_F(LimitsTest, OneConnectionTooManyIsToldSo) {
  server.options.max_connections = 10;
  server.start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back(server.port());
    ASSERT_EQ(clients.back().ask(get("/hello"))->status, 200);
  }
  RawClient extra(server.port());
  const auto response = extra.ask(get("/hello"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->header("retry-after"), "1");
  EXPECT_EQ(clients[3].ask(get("/hello"))->status, 200);
  clients.pop_back();
  extra.close();
  ASSERT_TRUE(server.eventually([this] { return server.server->connections() == 9; }));
  expect_alive();
}

TEST_F(LimitsTest, BodiesInFlightHaveABudget) {
  server.options.max_in_flight_bytes = 100'000;
  server.start();
  RawClient holding(server.port());
  ASSERT_TRUE(
      holding.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 90001\r\n\r\n" + std::string(90'000, 'x')));
  ASSERT_TRUE(server.eventually([this] { return server.server->in_flight() == 1; }));
  // The first one's bytes may still be on their way: try until they count.
  int status = 200;
  for (int i = 0; i < 1000 && status == 200; ++i) {
    RawClient client(server.port());
    ASSERT_TRUE(
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 20001\r\n\r\n" + std::string(20'000, 'y')));
    server.on_loop([] {});
    client.send("z");
    status = client.receive()->status;
  }
  EXPECT_EQ(status, 503);
  EXPECT_EQ(holding.ask("x")->status, 200);
  EXPECT_EQ(status_of(post("/echo", std::string(50'000, 'y'))), 200);
}

TEST_F(LimitsTest, ServesTwoThousandConnections) {
  server.start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 2000; ++i) {
    clients.emplace_back(server.port());
    ASSERT_TRUE(clients.back().connected()) << i;
  }
  for (std::size_t i = 0; i < clients.size(); ++i) ASSERT_TRUE(clients[i].send(get("/items/" + std::to_string(i))));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const auto response = clients[i].receive();
    ASSERT_TRUE(response) << i;
    ASSERT_EQ(response->body, std::to_string(i));
  }
  EXPECT_EQ(server.connections(), 2000u);
  clients.clear();
  EXPECT_TRUE(server.eventually([this] { return server.server->connections() == 0; }));
}

TEST_F(LimitsTest, RandomBytesNeverEndTheServer) {
  server.options.header_timeout = server.options.body_timeout = 2000ms;
  server.start();
  const unsigned seed = 20260120;
  std::mt19937 random(seed);
  const auto below = [&random](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  const std::vector<std::string> seeds = {
      get("/hello"),
      get("/items/a%2Fb?x=1&y=%zz", "Accept-Encoding: gzip, *;q=0\r\nConnection: keep-alive, x\r\n"),
      post("/echo", "some body", "Content-Type: application/json\r\nExpect: 100-continue\r\n"),
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n0\r\nT: v\r\n\r\n",
      "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\nX-Fold: a\r\n b\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
      "13\r\n\r\n",
  };
  constexpr int kRounds = 2000;
  constexpr int kPerConnection = 10;
  for (int round = 0; round < kRounds; ++round) {
    std::string bytes;
    for (int i = 0; i < kPerConnection; ++i) {
      std::string one = seeds[below(seeds.size())];
      for (std::size_t change = below(4); change > 0; --change) {
        const std::size_t at = below(one.size());
        switch (below(5)) {
          case 0:
            one[at] = static_cast<char>(below(256));
            break;
          case 1:
            one.erase(at, below(8) + 1);
            break;
          case 2:
            one.insert(at, std::string(below(40) + 1, static_cast<char>(below(256))));
            break;
          case 3:
            one.insert(at, one.substr(below(one.size()), below(20)));
            break;
          default:
            one.insert(at, seeds[below(seeds.size())].substr(0, below(40)));
        }
        if (one.empty()) one = "x";
      }
      bytes += one;
    }
    RawClient client(server.port());
    // In one piece, or in pieces; then gone, in one of three ways.
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const std::size_t piece = below(3) == 0 ? std::min(rest.size(), below(60) + 1) : rest.size();
      if (!client.send(rest.substr(0, piece))) break;
      rest.remove_prefix(piece);
    }
    switch (below(3)) {
      case 0:
        client.reset();
        break;
      case 1:
        client.finish_sending();
        client.read_to_end();
        break;
      default:
        client.close();
    }
    if (round % 100 == 0) {
      ASSERT_EQ(status_of(get("/hello")), 200) << "seed " << seed << ", round " << round;
    }
  }
  expect_alive();
  EXPECT_TRUE(
      server.eventually([this] { return server.server->connections() == 0 && server.server->in_flight() == 0; }));
}

}  // namespace
}  // namespace r8r::http
