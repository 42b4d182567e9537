#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "common/base/async.hpp"

namespace r8r {
namespace {

// What it uses must stay until it is through, also when it goes on for a while after it was told to stop.
awaitable<void> stop_slowly(asio::io_context& io, bool& ended) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const bool slept = co_await sleep_for(std::chrono::hours(1));
  EXPECT_FALSE(slept);
  co_await asio::this_coro::reset_cancellation_state();
  for (int i = 0; i < 10; ++i) co_await asio::post(io, asio::use_awaitable);
  ended = true;
}

awaitable<void> close_both(asio::io_context& io, bool& all_ended) {
  bool first = false;
  bool second = false;
  TaskGroup group(io);
  group.spawn("first", stop_slowly(io, first));
  group.spawn("second", stop_slowly(io, second));
  co_await asio::post(io, asio::use_awaitable);
  co_await group.close();
  all_ended = first && second && group.size() == 0;
}

TEST(TaskGroup, IsClosedWhenAllHaveEnded) {
  asio::io_context io;
  bool all_ended = false;
  asio::co_spawn(io, close_both(io, all_ended), asio::detached);
  io.run();
  EXPECT_TRUE(all_ended);
}

}  // namespace
}  // namespace r8r
