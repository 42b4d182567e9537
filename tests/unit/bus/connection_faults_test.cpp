#include "common/bus/connection.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/nats_server.hpp"
#include "tests/unit/bus/loop.hpp"

namespace r8r::bus {
namespace {

using namespace std::chrono_literals;
using test::Clock;

class ConnectionFaults : public ::testing::Test {
 protected:
  void SetUp() override { server_.start(); }

  // Collects what arrives on a subject.
  Subscription collect(Connection& connection, const std::string& subject, std::vector<Message>& into) {
    auto made = connection.subscribe(subject, [&into](std::vector<Message> batch) {
      for (Message& message : batch) into.push_back(std::move(message));
    });
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
  }
  // Answers every request with what it got.
  Subscription echo(Connection& connection, const std::string& subject) {
    auto made = connection.subscribe(subject, [&connection](std::vector<Message> batch) {
      for (const Message& message : batch) connection.publish(message.reply, "echo " + message.data);
    });
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
  }
  void flush(Connection& connection) {
    const auto flushed = loop_.run(connection.flush(10s));
    ASSERT_TRUE(flushed) << flushed.error().message;
  }

  r8r::test::NatsServer server_;
  test::Loop loop_;
};

TEST_F(ConnectionFaults, BytesAndReplySubjectArriveUnchanged) {
  const auto connection = loop_.connect(server_.url());
  std::vector<Message> got;
  const Subscription subscription = collect(*connection, "test.>", got);
  const std::string data("\0binary\r\n\xff text", 15);
  ASSERT_TRUE(connection->publish_request("test.a.b", "reply.here", data));
  ASSERT_TRUE(connection->publish("test.c", ""));
  ASSERT_TRUE(loop_.until([&] { return got.size() == 2; }));
  EXPECT_EQ(got[0].subject, "test.a.b");
  EXPECT_EQ(got[0].reply, "reply.here");
  EXPECT_EQ(got[0].data, data);
  EXPECT_EQ(got[1].reply, "");
  EXPECT_EQ(got[1].data, "");
}

TEST_F(ConnectionFaults, SixMebibytesPassAndMoreThanTheServersLimitIsRefused) {
  const auto connection = loop_.connect(server_.url());
  std::vector<Message> got;
  const Subscription subscription = collect(*connection, "test.large", got);
  ASSERT_TRUE(connection->publish("test.large", std::string(6 * 1024 * 1024, 'x')));
  ASSERT_TRUE(loop_.until([&] { return got.size() == 1; }));
  EXPECT_EQ(got[0].data.size(), 6U * 1024 * 1024);
  EXPECT_FALSE(connection->publish("test.large", std::string(9 * 1024 * 1024, 'x')));
}

TEST_F(ConnectionFaults, HandlerIsNotCalledOnceTheSubscriptionHasEnded) {
  const auto connection = loop_.connect(server_.url());
  std::vector<Message> ended;
  std::vector<Message> kept;
  Subscription first = collect(*connection, "test.x", ended);
  const Subscription second = collect(*connection, "test.x", kept);
  flush(*connection);
  connection->publish("test.x", "1");
  first.reset();
  connection->publish("test.x", "2");
  ASSERT_TRUE(loop_.until([&] { return kept.size() == 2; }));
  EXPECT_TRUE(ended.empty());
}

TEST_F(ConnectionFaults, SubscriptionMayEndInsideItsHandler) {
  const auto connection = loop_.connect(server_.url());
  Subscription subscription;
  int calls = 0;
  auto made = connection->subscribe("test.x", [&](std::vector<Message>) {
    ++calls;
    subscription.reset();
  });
  ASSERT_TRUE(made);
  subscription = std::move(*made);
  connection->publish("test.x", "1");
  ASSERT_TRUE(loop_.until([&] { return calls == 1; }));
  connection->publish("test.x", "2");
  flush(*connection);
  EXPECT_EQ(calls, 1);
}

// Partitions change hands while messages for them keep coming.

TEST_F(ConnectionFaults, SubscriptionsComeAndGoUnderAFlood) {
  const auto sender = loop_.connect(server_.url());
  const auto receiver = loop_.connect(server_.url());
  std::size_t got = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<Subscription> subscriptions;
    for (int i = 0; i < 8; ++i) {
      auto made =
          receiver->subscribe("flood." + std::to_string(i), [&](std::vector<Message> batch) { got += batch.size(); });
      ASSERT_TRUE(made);
      subscriptions.push_back(std::move(*made));
    }
    for (int i = 0; i < 400; ++i) sender->publish("flood." + std::to_string(i % 8), "x");
    loop_.io.poll();
  }
  flush(*receiver);
  flush(*sender);
  SUCCEED() << got;
}

TEST_F(ConnectionFaults, PastMaxPendingMessagesAreDroppedAndCounted) {
  const auto connection = loop_.connect(server_.url());
  const auto sender = loop_.connect(server_.url());
  std::size_t got = 0;
  auto made = connection->subscribe(
      "test.x", [&](std::vector<Message> batch) { got += batch.size(); }, 10);
  ASSERT_TRUE(made);
  flush(*connection);
  constexpr std::size_t kCount = 5'000;
  for (std::size_t i = 0; i < kCount; ++i) sender->publish("test.x", "m");
  ASSERT_TRUE(loop_.until([&] { return got + connection->dropped() == kCount; }))
      << got << " + " << connection->dropped();
  EXPECT_GT(connection->dropped(), 0U);
  EXPECT_GT(got, 0U);
}

TEST_F(ConnectionFaults, RequestGetsItsOwnAnswerAmongMany) {
  const auto client = loop_.connect(server_.url());
  const auto service = loop_.connect(server_.url());
  const Subscription subscription = echo(*service, "test.echo");
  flush(*service);
  int right = 0;
  int done = 0;
  constexpr int kCount = 200;
  for (int i = 0; i < kCount; ++i) {
    asio::co_spawn(loop_.io, client->request("test.echo", std::to_string(i), 10s),
                   [&, i](std::exception_ptr, Result<Message> answer) {
                     ++done;
                     if (answer && answer->data == "echo " + std::to_string(i)) ++right;
                   });
  }
  ASSERT_TRUE(loop_.until([&] { return done == kCount; }));
  EXPECT_EQ(right, kCount);
}

TEST_F(ConnectionFaults, EachOfSeveralRequestsLearnsOfItsOwnMissingListener) {
  const auto connection = loop_.connect(server_.url());
  const Subscription subscription = echo(*connection, "test.echo");
  int refused = 0;
  int answered = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string subject = i % 2 == 0 ? "nobody.here" : "test.echo";
    asio::co_spawn(loop_.io, connection->request(subject, "x", 10s),
                   [&, i](std::exception_ptr, Result<Message> answer) {
                     if (i % 2 == 0 && !answer && answer.error().code == ErrorCode::service_unavailable) ++refused;
                     if (i % 2 == 1 && answer) ++answered;
                   });
  }
  ASSERT_TRUE(loop_.until([&] { return refused == 10 && answered == 10; }, 8s)) << refused << " " << answered;
}

TEST_F(ConnectionFaults, RequestWithoutAnAnswerTimesOutAndALateAnswerHurtsNobody) {
  const auto connection = loop_.connect(server_.url());
  std::vector<Message> got;
  const Subscription subscription = collect(*connection, "test.silent", got);
  const auto answer = loop_.run(connection->request("test.silent", "x", 50ms));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::timeout);
  ASSERT_EQ(got.size(), 1U);
  connection->publish(got[0].reply, "late");
  flush(*connection);
  const Subscription second = echo(*connection, "test.echo");
  const auto next = loop_.run(connection->request("test.echo", "y", 5s));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->data, "echo y");
}

TEST_F(ConnectionFaults, WhatIsPublishedWhileAwayIsBounded) {
  const auto connection = loop_.connect(server_.url());
  server_.kill();
  ASSERT_TRUE(loop_.until([&] { return !connection->connected(); }));
  const std::string chunk(1024 * 1024, 'x');
  int taken = 0;
  while (taken < 64 && connection->publish("test.x", chunk)) ++taken;
  EXPECT_GE(taken, 7);
  EXPECT_LE(taken, 9);
}

TEST_F(ConnectionFaults, ConnectWaitsForAServerThatComesLate) {
  server_.kill();
  bool done = false;
  std::optional<Result<std::unique_ptr<Connection>>> made;
  asio::co_spawn(loop_.io, Connection::connect(loop_.io, {.url = server_.url(), .name = "late"}, 20s),
                 [&](std::exception_ptr, Result<std::unique_ptr<Connection>> result) {
                   made.emplace(std::move(result));
                   done = true;
                 });
  loop_.quiet_for(300ms);
  EXPECT_FALSE(done);
  server_.start();
  ASSERT_TRUE(loop_.until([&] { return done; }));
  ASSERT_TRUE(*made) << made->error().message;
  EXPECT_TRUE((**made)->connected());
}

TEST_F(ConnectionFaults, ConnectGivesUpAtItsDeadline) {
  server_.kill();
  const auto start = Clock::now();
  const auto made = loop_.run(Connection::connect(loop_.io, {.url = server_.url(), .name = "never"}, 500ms));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::service_unavailable);
  EXPECT_LT(Clock::now() - start, 10s);
}

TEST_F(ConnectionFaults, LoopMayEndWhileConnecting) {
  server_.kill();
  for (int i = 0; i < 20; ++i) {
    asio::io_context io;
    asio::co_spawn(io, Connection::connect(io, {.url = server_.url(), .name = "ended"}, 20s),
                   [](std::exception_ptr, Result<std::unique_ptr<Connection>>) {});
    io.poll();
  }
}

TEST_F(ConnectionFaults, UnusableUrlIsAnErrorAndNotACrash) {
  for (const char* url : {"", "nats://", "http://[bad", ",,,", "nats://127.0.0.1:notaport"}) {
    const auto made = loop_.run(Connection::connect(loop_.io, {.url = url, .name = "bad"}, 300ms));
    EXPECT_FALSE(made) << url;
  }
}

TEST_F(ConnectionFaults, MayBeDestroyedWhileMessagesArriveAndRequestsWait) {
  const auto sender = loop_.connect(server_.url());
  for (int round = 0; round < 20; ++round) {
    auto connection = loop_.connect(server_.url());
    std::vector<Message> got;
    Subscription subscription = collect(*connection, "test.x", got);
    flush(*connection);
    bool ended = false;
    asio::co_spawn(loop_.io, connection->request("test.x", "no answer", 100ms),
                   [&](std::exception_ptr, Result<Message> answer) {
                     EXPECT_FALSE(answer);
                     ended = true;
                   });
    for (int i = 0; i < 500; ++i) sender->publish("test.x", "m");
    ASSERT_TRUE(loop_.until([&] { return !got.empty(); }));
    connection.reset();
    subscription.reset();
    ASSERT_TRUE(loop_.until([&] { return ended; })) << "a waiting request must end with its connection";
  }
}

TEST_F(ConnectionFaults, SubjectThatWouldBreakTheProtocolIsRefused) {
  const auto connection = loop_.connect(server_.url());
  EXPECT_FALSE(connection->publish("", "x"));
  EXPECT_FALSE(connection->publish("a b", "x"));
  EXPECT_FALSE(connection->publish("a\r\nPUB evil 1\r\nx", "x"));
  EXPECT_FALSE(connection->publish_request("a", "b c", "x"));
  EXPECT_FALSE(connection->subscribe("a b", [](std::vector<Message>) {}));
  flush(*connection);
  EXPECT_EQ(connection->reconnects(), 0U);
}

}  // namespace
}  // namespace r8r::bus
