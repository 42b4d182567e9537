#include <gtest/gtest.h>

#include <map>
#include <set>

#include "common/bus/connection.hpp"
#include "tests/support/nats_server.hpp"
#include "tests/unit/bus/loop.hpp"

namespace r8r::bus {
namespace {

using namespace std::chrono_literals;
using test::Clock;

class PullConsumerRoom : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.start();
    connection_ = loop_.connect(server_.url());
  }

  std::int64_t make_queue(std::chrono::milliseconds ack_wait = 15s) {
    const auto created = loop_.run(connection_->ensure_stream({.name = "TASKS", .subjects = {"task.>"}}));
    if (!created) throw std::runtime_error(created.error().message);
    const auto made = loop_.run(connection_->ensure_consumer(
        {.stream = "TASKS", .name = "workers", .filter_subject = "task.default", .ack_wait = ack_wait}));
    if (!made) throw std::runtime_error(made.error().message);
    return *created;
  }
  void put(const std::string& data) {
    const auto stored = loop_.run(connection_->publish_durable("task.default", data, 5s));
    ASSERT_TRUE(stored) << stored.error().message;
  }
  void put_many(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(connection_->publish("task.default", std::to_string(i)));
    ASSERT_TRUE(loop_.run(connection_->flush(20s)));
  }

  struct Puller {
    Puller(Connection& connection)
        : consumer(connection, "TASKS", "workers", [this](std::vector<QueueMessage> batch) {
            for (QueueMessage& message : batch) got.push_back(std::move(message));
          }) {}
    std::vector<QueueMessage> got;
    PullConsumer consumer;
  };

  r8r::test::NatsServer server_;
  test::Loop loop_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(PullConsumerRoom, ConsumerIsBroughtToAChangedConfiguration) {
  make_queue(15s);
  EXPECT_NO_THROW(make_queue(20s));
}

TEST_F(PullConsumerRoom, MessageThatArrivesWhileThereIsRoomIsDelivered) {
  make_queue();
  Puller puller(*connection_);
  puller.consumer.set_room(5);
  put("one");
  ASSERT_TRUE(loop_.until([&] { return puller.got.size() == 1; }));
  EXPECT_EQ(puller.got[0].data, "one");
  EXPECT_EQ(puller.got[0].subject, "task.default");
  EXPECT_EQ(puller.got[0].delivered, 1U);
}

TEST_F(PullConsumerRoom, NoMoreThanTheRoomIsDelivered) {
  make_queue();
  put_many(50);
  Puller puller(*connection_);
  puller.consumer.set_room(7);
  ASSERT_TRUE(loop_.until([&] { return puller.got.size() == 7; }));
  loop_.quiet_for(200ms);
  EXPECT_EQ(puller.got.size(), 7U);
  puller.consumer.set_room(3);
  ASSERT_TRUE(loop_.until([&] { return puller.got.size() == 10; }));
  loop_.quiet_for(200ms);
  EXPECT_EQ(puller.got.size(), 10U);
}

TEST_F(PullConsumerRoom, WithoutRoomNothingIsAskedFor) {
  make_queue();
  Puller puller(*connection_);
  puller.consumer.set_room(0);
  put("one");
  loop_.quiet_for(200ms);
  EXPECT_TRUE(puller.got.empty());
}

TEST_F(PullConsumerRoom, ARequestFromBeforeTheConsumerIsMadeAgainAtOnce) {
  const auto observer = loop_.connect(server_.url());
  int requests = 0;
  const auto spy = observer->subscribe("$JS.API.CONSUMER.MSG.NEXT.TASKS.workers", [&](std::vector<Message> messages) {
    requests += static_cast<int>(messages.size());
  });
  ASSERT_TRUE(spy);
  ASSERT_TRUE(loop_.run(observer->flush(5s)));
  Puller puller(*connection_);
  puller.consumer.set_room(5);
  ASSERT_TRUE(loop_.until([&] { return requests == 1; }));
  make_queue();
  puller.consumer.consumer_made();
  ASSERT_TRUE(loop_.run(connection_->flush(5s)));
  ASSERT_TRUE(loop_.run(observer->flush(5s)));
  EXPECT_GE(requests, 2);
  put("one");
  ASSERT_TRUE(loop_.until([&] { return puller.got.size() == 1; }));
}

TEST_F(PullConsumerRoom, InProgressHoldsTheRedeliveryBack) {
  make_queue(600ms);
  put("long");
  Puller puller(*connection_);
  puller.consumer.set_room(10);
  ASSERT_TRUE(loop_.until([&] { return puller.got.size() == 1; }));
  for (int i = 0; i < 8; ++i) {
    puller.consumer.in_progress(puller.got[0]);
    loop_.quiet_for(200ms);
  }
  EXPECT_EQ(puller.got.size(), 1U);
}

TEST_F(PullConsumerRoom, NakWithADelayComesBackLater) {
  make_queue();
  put("job");
  Puller puller(*connection_);
  puller.consumer.set_room(10);
  ASSERT_TRUE(loop_.until([&] { return puller.got.size() == 1; }));
  const auto start = Clock::now();
  puller.consumer.nak(puller.got[0], 500ms);
  ASSERT_TRUE(loop_.until([&] { return puller.got.size() == 2; }));
  EXPECT_GE(Clock::now() - start, 400ms);
}

TEST_F(PullConsumerRoom, TenThousandMessagesEachArriveOnceAtTwoWorkers) {
  make_queue();
  const auto other = loop_.connect(server_.url());
  std::map<std::string, int> times;
  std::size_t total = 0;
  std::vector<std::unique_ptr<PullConsumer>> consumers;
  constexpr std::size_t kRoom = 64;
  for (Connection* connection : {connection_.get(), other.get()}) {
    const std::size_t index = consumers.size();
    consumers.push_back(
        std::make_unique<PullConsumer>(*connection, "TASKS", "workers", [&, index](std::vector<QueueMessage> batch) {
          EXPECT_LE(batch.size(), kRoom);
          for (const QueueMessage& message : batch) {
            ++times[message.data];
            ++total;
            consumers[index]->ack(message);
          }
          consumers[index]->set_room(kRoom);
        }));
    consumers.back()->set_room(kRoom);
  }
  constexpr int kCount = 10'000;
  put_many(kCount);
  ASSERT_TRUE(loop_.until([&] { return times.size() == kCount; }, 60s)) << times.size();
  EXPECT_EQ(total, static_cast<std::size_t>(kCount));
}

TEST_F(PullConsumerRoom, GoesOnAfterAServerRestartOnceTheStreamIsBack) {
  make_queue();
  Puller puller(*connection_);
  puller.consumer.set_room(10);
  put("before");
  ASSERT_TRUE(loop_.until([&] { return puller.got.size() == 1; }));
  server_.kill();
  ASSERT_TRUE(loop_.until([&] { return !connection_->connected(); }));
  server_.start();
  ASSERT_TRUE(loop_.until([&] { return connection_->connected(); }));
  // Without the stream for a moment: requests are refused, and asked again.
  loop_.quiet_for(300ms);
  make_queue();
  put("after");
  ASSERT_TRUE(loop_.until([&] { return !puller.got.empty() && puller.got.back().data == "after"; }));
}

TEST_F(PullConsumerRoom, MayBeDestroyedWhileMessagesArrive) {
  make_queue();
  put_many(2'000);
  for (int round = 0; round < 20; ++round) {
    Puller puller(*connection_);
    puller.consumer.set_room(500);
    loop_.until([&] { return !puller.got.empty(); }, 100ms);
  }
  EXPECT_TRUE(loop_.run(connection_->flush(5s)));
}

}  // namespace
}  // namespace r8r::bus
