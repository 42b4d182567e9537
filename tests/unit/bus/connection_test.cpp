#include "common/bus/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "common/base/async.hpp"
#include "tests/support/nats_server.hpp"

namespace r8r::bus {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Bus : public testing::Test {
 protected:
  void SetUp() override {
    server.start();
    connection = connect();
    ASSERT_TRUE(connection);
  }
  void TearDown() override { connection.reset(); }

  std::unique_ptr<Connection> connect() {
    auto result = run(Connection::connect(io, {.url = server.url(), .name = "test"}, seconds(5)));
    return result ? std::move(*result) : nullptr;
  }
  /// Runs a coroutine to its end on this thread.
  template <class T>
  T run(awaitable<T> body) {
    auto future = asio::co_spawn(io, std::move(body), asio::use_future);
    while (future.wait_for(seconds(0)) != std::future_status::ready) {
      io.restart();
      io.run_one_for(milliseconds(100));
    }
    return future.get();
  }
  template <class Condition>
  bool until(Condition condition, milliseconds limit = seconds(10)) {
    return test::eventually(limit, [&] {
      io.restart();
      io.run_for(milliseconds(5));
      return condition();
    });
  }
  void make_queue(milliseconds ack_wait = seconds(15)) {
    ASSERT_TRUE(run(connection->ensure_stream({.name = "Q", .subjects = {"q.>"}})));
    ASSERT_TRUE(
        run(connection->ensure_consumer({.stream = "Q", .name = "c", .filter_subject = "q.x", .ack_wait = ack_wait})));
  }

  test::NatsServer server;
  asio::io_context io;
  std::unique_ptr<Connection> connection;
};

TEST_F(Bus, OfAGroupOneGetsEachMessage) {
  const auto other = connect();
  ASSERT_TRUE(other);
  int mine = 0, others = 0, alone = 0;
  const auto count = [](int& counter) {
    return [&counter](std::vector<Message> messages) { counter += static_cast<int>(messages.size()); };
  };
  auto first = connection->subscribe_group("events.>", "group", count(mine));
  auto second = other->subscribe_group("events.>", "group", count(others));
  auto third = other->subscribe("events.>", count(alone));
  ASSERT_TRUE(first && second && third);
  ASSERT_TRUE(run(connection->flush(seconds(5))));
  ASSERT_TRUE(run(other->flush(seconds(5))));
  for (int i = 0; i < 100; ++i) connection->publish("events.a.b", std::to_string(i));
  ASSERT_TRUE(until([&] { return mine + others == 100 && alone == 100; })) << mine << " " << others << " " << alone;
  EXPECT_GT(mine, 0);
  EXPECT_GT(others, 0);
}

TEST_F(Bus, MessagesComeInOrder) {
  std::vector<std::string> got;
  auto subscription = connection->subscribe("s.*", [&](std::vector<Message> messages) {
    for (Message& message : messages) got.push_back(std::move(message.data));
  });
  ASSERT_TRUE(subscription);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(connection->publish("s.x", std::to_string(i)));
  ASSERT_TRUE(until([&] { return got.size() == 10'000; }));
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(got[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(Bus, ADroppedSubscriptionIsSilent) {
  int count = 0;
  auto subscription =
      connection->subscribe("s", [&](std::vector<Message> messages) { count += static_cast<int>(messages.size()); });
  connection->publish("s", "1");
  ASSERT_TRUE(until([&] { return count == 1; }));
  subscription->reset();
  connection->publish("s", "2");
  ASSERT_TRUE(run(connection->flush(seconds(5))));
  EXPECT_EQ(count, 1);
}

TEST_F(Bus, RequestsAreAnsweredOrSayWhyNot) {
  auto answering = connection->subscribe("ask", [&](std::vector<Message> messages) {
    for (const Message& message : messages) connection->publish(message.reply, "re: " + message.data);
  });
  auto silent = connection->subscribe("silent", [](std::vector<Message>) {});
  const auto answer = run(connection->request("ask", "x", seconds(5)));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->data, "re: x");
  const auto nobody = run(connection->request("nobody", "x", seconds(5)));
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, ErrorCode::service_unavailable);
  const auto late = run(connection->request("silent", "x", milliseconds(50)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::timeout);
}

TEST_F(Bus, ReconnectsAndKeepsItsSubscriptions) {
  std::vector<bool> states;
  connection->on_state_change([&](bool connected) { states.push_back(connected); });
  int count = 0;
  auto subscription =
      connection->subscribe("s", [&](std::vector<Message> messages) { count += static_cast<int>(messages.size()); });
  server.kill();
  ASSERT_TRUE(until([&] { return !connection->connected(); }));
  EXPECT_FALSE(run(connection->request("x", "", seconds(1))));
  server.start();
  ASSERT_TRUE(until([&] { return connection->connected(); }));
  EXPECT_EQ(connection->reconnects(), 1u);
  EXPECT_THAT(states, testing::ElementsAre(false, true));
  ASSERT_TRUE(until([&] {
    connection->publish("s", "again");
    return count > 0;
  }));
}

TEST_F(Bus, ALostStreamHasANewCreationTime) {
  const auto first = run(connection->ensure_stream({.name = "Q", .subjects = {"q.>"}}));
  const auto same = run(connection->ensure_stream({.name = "Q", .subjects = {"q.>"}}));
  ASSERT_TRUE(first && same);
  EXPECT_EQ(*first, *same);
  server.kill();
  ASSERT_TRUE(until([&] { return !connection->connected(); }));
  server.start();
  ASSERT_TRUE(until([&] { return connection->connected(); }));
  const auto second = run(connection->ensure_stream({.name = "Q", .subjects = {"q.>"}}));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_NE(*first, *second);
}

TEST_F(Bus, QueuedMessagesAreDeliveredWithinTheRoom) {
  make_queue();
  std::vector<QueueMessage> got;
  PullConsumer consumer(*connection, "Q", "c", [&](std::vector<QueueMessage> messages) {
    std::move(messages.begin(), messages.end(), std::back_inserter(got));
  });
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(run(connection->publish_durable("q.x", std::to_string(i), seconds(5))));
  consumer.set_room(2);
  ASSERT_TRUE(until([&] { return got.size() == 2; }));
  ASSERT_TRUE(run(connection->flush(seconds(5))));
  EXPECT_EQ(got.size(), 2u) << "no more than there is room for";
  consumer.set_room(10);
  ASSERT_TRUE(until([&] { return got.size() == 5; }));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)].data, std::to_string(i));
}

TEST_F(Bus, WhatIsNotAcknowledgedComesAgainWhatIsDoesNot) {
  make_queue(milliseconds(300));
  std::vector<QueueMessage> got;
  PullConsumer* handle = nullptr;
  PullConsumer consumer(*connection, "Q", "c", [&](std::vector<QueueMessage> messages) {
    for (QueueMessage& message : messages) {
      if (message.data == "done" || message.delivered > 1) handle->ack(message);
      got.push_back(std::move(message));
    }
  });
  handle = &consumer;
  consumer.set_room(100);
  ASSERT_TRUE(run(connection->publish_durable("q.x", "done", seconds(5))));
  ASSERT_TRUE(run(connection->publish_durable("q.x", "forgotten", seconds(5))));
  ASSERT_TRUE(until([&] { return got.size() == 3; }));
  EXPECT_EQ(got[2].data, "forgotten");
  EXPECT_EQ(got[2].delivered, 2u);
}

TEST_F(Bus, WhatIsGivenBackGoesToAnother) {
  make_queue();
  auto other_connection = connect();
  std::vector<std::string> mine, theirs;
  PullConsumer* handle = nullptr;
  PullConsumer first(*connection, "Q", "c", [&](std::vector<QueueMessage> messages) {
    for (const QueueMessage& message : messages) {
      mine.push_back(message.data);
      handle->nak(message);
    }
  });
  handle = &first;
  PullConsumer second(*other_connection, "Q", "c", [&](std::vector<QueueMessage> messages) {
    for (const QueueMessage& message : messages) theirs.push_back(message.data);
  });
  first.set_room(1);
  ASSERT_TRUE(run(connection->publish_durable("q.x", "task", seconds(5))));
  ASSERT_TRUE(until([&] { return mine.size() == 1; }));
  second.set_room(1);
  EXPECT_TRUE(until([&] { return theirs.size() == 1; }));
}

TEST_F(Bus, AMessageIdIsQueuedOnce) {
  make_queue();
  int count = 0;
  PullConsumer consumer(*connection, "Q", "c",
                        [&](std::vector<QueueMessage> messages) { count += static_cast<int>(messages.size()); });
  consumer.set_room(100);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run(connection->publish_durable("q.x", "task", seconds(5), "id-1")));
  ASSERT_TRUE(run(connection->publish_durable("q.x", "last", seconds(5), "id-2")));
  ASSERT_TRUE(until([&] { return count >= 2; }));
  ASSERT_TRUE(run(connection->flush(seconds(5))));
  EXPECT_EQ(count, 2);
}

TEST_F(Bus, ALostQueueIsServedAgainAfterItIsMadeAnew) {
  make_queue();
  int count = 0;
  PullConsumer consumer(*connection, "Q", "c",
                        [&](std::vector<QueueMessage> messages) { count += static_cast<int>(messages.size()); });
  consumer.set_room(100);
  server.kill();
  ASSERT_TRUE(until([&] { return !connection->connected(); }));
  server.start();
  ASSERT_TRUE(until([&] { return connection->connected(); }));
  make_queue();
  ASSERT_TRUE(run(connection->publish_durable("q.x", "task", seconds(5))));
  EXPECT_TRUE(until([&] { return count == 1; }));
}

TEST_F(Bus, PublishingToNoStreamIsAnError) {
  const auto sent = run(connection->publish_durable("nowhere", "task", seconds(5)));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::service_unavailable);
}

}  // namespace
}  // namespace r8r::bus
