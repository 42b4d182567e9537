#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "common/bus/messages.hpp"
#include "common/store/pool.hpp"
#include "services/api/admission.hpp"
#include "services/api/completion_waiter.hpp"
#include "services/api/query.hpp"
#include "services/api/settings.hpp"
#include "tests/unit/api/requests.hpp"

namespace r8r::api {
namespace {

using namespace std::chrono_literals;

void run(asio::io_context& io, awaitable<void> body) {
  std::exception_ptr failure;
  asio::co_spawn(io, std::move(body), [&](std::exception_ptr error) { failure = error; });
  io.restart();
  io.run();
  if (failure) std::rethrow_exception(failure);
}

TEST(Admission, LetsSoManyInAndHandsPlacesOver) {
  asio::io_context io;
  Admission admission(io, 2, 10s);
  Admission::Slot first = admission.try_enter();
  Admission::Slot second = admission.try_enter();
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(admission.try_enter());
  bool entered = false;
  const auto waiter = [](Admission& admission, bool& entered) -> awaitable<void> {
    const Admission::Slot slot = co_await admission.enter();
    entered = static_cast<bool>(slot);
  };
  const auto leaver = [](Admission::Slot& slot) -> awaitable<void> {
    slot.release();
    co_return;
  };
  asio::co_spawn(io, waiter(admission, entered), [](std::exception_ptr) {});
  run(io, leaver(first));
  EXPECT_TRUE(entered);
  EXPECT_EQ(admission.in_work(), 1u);
}

TEST(Admission, WhoWaitsTooLongIsTurnedAway) {
  asio::io_context io;
  Admission admission(io, 1, 5ms);
  const Admission::Slot held = admission.try_enter();
  const auto waiter = [](Admission& admission) -> awaitable<void> {
    const Admission::Slot slot = co_await admission.enter();
    EXPECT_FALSE(slot);
  };
  run(io, waiter(admission));
  EXPECT_EQ(admission.in_work(), 1u);
}

// A database that nobody asks.
store::PoolOptions nowhere() {
  store::PoolOptions options;
  options.url = "postgres://nobody@127.0.0.1:1/none";
  return options;
}

bus::Message completion(Uuid id, std::string output) {
  bus::Completion item;
  item.execution_id = id;
  item.status = "completed";
  item.output = std::move(output);
  item.duration_ms = 12;
  return {"r8r.done.x", "", bus::encode(item)};
}

TEST(CompletionWaiter, AnEndWakesAllWhoWaitForIt) {
  asio::io_context io;
  store::Pool pool(io, nowhere());
  CompletionWaiter waiter(io, pool);
  const Uuid id = Uuid::v7();
  const auto one = waiter.expect(id);
  const auto two = waiter.expect(id);
  const auto other = waiter.expect(Uuid::v7());
  EXPECT_EQ(waiter.waiting(), 3u);
  int ended = 0;
  const auto wait = [](CompletionWaiter& waiter, CompletionWaiter::Ticket& ticket, int& ended) -> awaitable<void> {
    const auto finished = co_await waiter.wait(ticket, SteadyClock::now() + 10s);
    if (finished && finished->output == "{\"v\":1}" && finished->duration_ms == 12) ++ended;
  };
  const auto deliver = [](CompletionWaiter& waiter, Uuid id) -> awaitable<void> {
    waiter.deliver({completion(id, "{\"v\":1}"), completion(Uuid::v7(), "1"), {"s", "", "garbage"}});
    co_return;
  };
  asio::co_spawn(io, wait(waiter, *one, ended), [](std::exception_ptr) {});
  asio::co_spawn(io, wait(waiter, *two, ended), [](std::exception_ptr) {});
  run(io, deliver(waiter, id));
  EXPECT_EQ(ended, 2);
}

TEST(CompletionWaiter, AnEndBeforeTheWaitCountsToo) {
  asio::io_context io;
  store::Pool pool(io, nowhere());
  CompletionWaiter waiter(io, pool);
  const Uuid id = Uuid::v7();
  const auto ticket = waiter.expect(id);
  waiter.deliver({completion(id, "7")});
  const auto wait = [](CompletionWaiter& waiter, CompletionWaiter::Ticket& ticket) -> awaitable<void> {
    const auto finished = co_await waiter.wait(ticket, SteadyClock::now() + 10s);
    EXPECT_TRUE(finished && finished->output == "7");
  };
  run(io, wait(waiter, *ticket));
}

TEST(CompletionWaiter, WaitsEndAtTheirDeadlineAndAtTheEndOfTheService) {
  asio::io_context io;
  store::Pool pool(io, nowhere());
  CompletionWaiter waiter(io, pool);
  const auto wait = [](CompletionWaiter& waiter, SteadyClock::duration limit) -> awaitable<void> {
    const auto ticket = waiter.expect(Uuid::v7());
    const auto finished = co_await waiter.wait(*ticket, SteadyClock::now() + limit);
    EXPECT_FALSE(finished);
  };
  run(io, wait(waiter, 1ms));
  const auto stop = [](CompletionWaiter& waiter) -> awaitable<void> {
    waiter.end_waits_at(SteadyClock::now());
    co_return;
  };
  asio::co_spawn(io, wait(waiter, 1h), [](std::exception_ptr) {});
  run(io, stop(waiter));
  EXPECT_EQ(waiter.waiting(), 0u);
}

TEST(Query, UnknownNamesAreRefusedAndHarmlessOnesPass) {
  auto request = test::make_request("GET", "/api/workflows");
  request.query = {{"limit", "5"}, {"_", "123"}, {"token", "t"}};
  EXPECT_TRUE(check_query_names(request, {"limit"}));
  request.query.emplace_back("limt", "5");
  const Result<void> checked = check_query_names(request, {"limit", "cursor"});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::invalid_request);
  EXPECT_NE(checked.error().message.find("limit, cursor"), std::string::npos);
}

TEST(Query, ValuesMustParse) {
  auto request = test::make_request("GET", "/");
  request.query = {{"a", "7"}, {"b", "abc"}, {"c", "true"}, {"d", "perhaps"}, {"e", "1001"}};
  EXPECT_EQ(query_integer(request, "a", 0, 1000).value(), 7);
  EXPECT_FALSE(query_integer(request, "b", 0, 1000));
  EXPECT_FALSE(query_integer(request, "e", 0, 1000));
  EXPECT_EQ(query_flag(request, "c").value(), true);
  EXPECT_FALSE(query_flag(request, "d"));
  EXPECT_EQ(query_flag(request, "none").value(), std::nullopt);
}

TEST(Query, CursorsGoThereAndBack) {
  EXPECT_EQ(decode_cursor(encode_cursor("my-workflow")), "my-workflow");
  EXPECT_FALSE(decode_cursor("zz"));
  EXPECT_FALSE(decode_cursor("abc"));
  EXPECT_FALSE(decode_cursor(""));
}

TEST(Settings, MistakesAreAllToldAtOnce) {
  Environment env({{"R8R_SERVER_PORT", "http"}, {"R8R_FAILED_STATUS", "418"}, {"R8R_MONITOR_PUBLIC", "maybe"}});
  read_settings(env);
  // These three, and the two addresses that are missing.
  EXPECT_EQ(env.problems().size(), 5u);
}

TEST(Settings, KnowsLoopbackWhenItSeesIt) {
  Settings settings;
  EXPECT_TRUE(settings.listens_on_loopback());
  settings.host = "0.0.0.0";
  EXPECT_FALSE(settings.listens_on_loopback());
  settings.host = "::1";
  EXPECT_TRUE(settings.listens_on_loopback());
}

}  // namespace
}  // namespace r8r::api
