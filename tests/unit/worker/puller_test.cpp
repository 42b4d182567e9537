// The queue's end against a real nats-server.
#include "services/worker/puller.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>

#include "common/bus/subjects.hpp"
#include "tests/support/nats_server.hpp"

namespace r8r::worker {
namespace {

using testing::HasSubstr;

class PullerTest : public testing::Test {
 protected:
  template <class Condition>
  bool run_until(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto end = SteadyClock::now() + limit;
    io_.restart();
    while (!condition() && SteadyClock::now() < end) {
      io_.run_one_for(std::chrono::milliseconds(20));
      if (io_.stopped()) io_.restart();
    }
    return condition();
  }

  void start(std::vector<std::string> pools) {
    server_.start();
    bus::Options options;
    options.url = server_.url();
    options.name = "puller test";
    asio::co_spawn(io_, bus::Connection::connect(io_, options, std::chrono::seconds(10)),
                   [this](std::exception_ptr, Result<std::unique_ptr<bus::Connection>> made) {
                     ASSERT_TRUE(made) << made.error().message;
                     connection_ = std::move(*made);
                   });
    ASSERT_TRUE(run_until([&] { return connection_ != nullptr; }));
    puller_ = std::make_unique<Puller>(io_, *connection_, std::move(pools));
    puller_->start([this](std::vector<bus::QueueMessage> messages) {
      for (bus::QueueMessage& message : messages) got_.push_back(std::move(message));
    });
    group_.spawn("queue", puller_->keep_queue());
    ASSERT_TRUE(run_until([&] { return puller_->ready(); })) << puller_->problem();
  }

  bool put(const std::string& pool, const std::string& data) {
    std::optional<bool> taken;
    asio::co_spawn(io_, connection_->publish_durable(bus::task_subject(pool), data, std::chrono::seconds(2)),
                   [&taken](std::exception_ptr, Result<void> result) { taken = result.has_value(); });
    run_until([&] { return taken.has_value(); });
    return taken.value_or(false);
  }

  void TearDown() override {
    group_.cancel();
    run_until([&] { return group_.size() == 0; });
    puller_.reset();
    connection_.reset();
  }

  test::NatsServer server_;
  asio::io_context io_;
  std::unique_ptr<bus::Connection> connection_;
  std::unique_ptr<Puller> puller_;
  std::vector<bus::QueueMessage> got_;
  TaskGroup group_{io_};
};

TEST_F(PullerTest, BringsTasksOfAllItsPoolsAndNoOthers) {
  start({"default", "gpu"});
  puller_->set_room(10);
  ASSERT_TRUE(put("default", "one"));
  ASSERT_TRUE(put("other", "not ours"));
  ASSERT_TRUE(put("gpu", "two"));
  ASSERT_TRUE(run_until([&] { return got_.size() == 2; }));
  for (const bus::QueueMessage& message : got_) puller_->ack(message);
  EXPECT_NE(got_[0].data, "not ours");
  EXPECT_NE(got_[1].data, "not ours");
}

TEST_F(PullerTest, WhatIsGivenBackComesAgain) {
  start({"default"});
  puller_->set_room(10);
  ASSERT_TRUE(put("default", "one"));
  ASSERT_TRUE(run_until([&] { return got_.size() == 1; }));
  EXPECT_EQ(got_[0].delivered, 1u);
  puller_->nak(got_[0]);
  ASSERT_TRUE(run_until([&] { return got_.size() == 2; }));
  EXPECT_EQ(got_[1].delivered, 2u);
  puller_->ack(got_[1]);
}

TEST_F(PullerTest, QueueIsMadeAgainWhenTheServerHasLostIt) {
  start({"default"});
  puller_->set_room(10);
  server_.kill();
  ASSERT_TRUE(run_until([&] { return !puller_->ready(); }));
  EXPECT_THAT(puller_->problem(), HasSubstr("not connected"));
  server_.start();
  ASSERT_TRUE(run_until([&] { return puller_->ready(); }));
  ASSERT_TRUE(put("default", "after"));
  ASSERT_TRUE(run_until([&] { return !got_.empty(); }));
  EXPECT_EQ(got_[0].data, "after");
}

}  // namespace
}  // namespace r8r::worker
