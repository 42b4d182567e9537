#include <fmt/format.h>

#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

constexpr Statement kOne{"pool_test_one", "select 1"};
constexpr Statement kPid{"pool_test_pid", "select pg_backend_pid()"};
constexpr Statement kBegin{"pool_test_begin", "begin"};
constexpr Statement kOpenTransaction{"pool_test_state", "select (count(*) = 0) from settings where name = 'left open'"};

class PoolTest : public StoreTest {
 protected:
  using StoreTest::StoreTest;
  std::unique_ptr<Pool> pool_of(std::size_t size, std::chrono::milliseconds acquire_timeout = 5s) {
    PoolOptions options;
    options.url = url;
    options.application_name = "pool-test";
    options.size = size;
    options.acquire_timeout = acquire_timeout;
    return std::make_unique<Pool>(loop.io, options);
  }
  /// Loans one out and keeps it.
  std::shared_ptr<std::optional<Result<Pool::Lease>>> take(Pool& from) { return loop.start(from.acquire()); }
};

class PoolOutage : public PoolTest {
 protected:
  PoolOutage() : PoolTest(PostgresServer::to_be_restarted()) {}
};

TEST_F(PoolTest, NeverHasMoreThanItsSizeOnLoan) {
  const auto small = pool_of(2);
  const auto a = take(*small);
  const auto b = take(*small);
  ASSERT_TRUE(loop.until([&] { return a->has_value() && b->has_value(); }));
  const auto c = take(*small);
  const auto d = take(*small);
  loop.io.run_for(50ms);
  EXPECT_FALSE(c->has_value());
  EXPECT_EQ(small->in_use(), 2u);

  a->reset();
  ASSERT_TRUE(loop.until([&] { return c->has_value(); }));
  EXPECT_FALSE(d->has_value());  // first come, first served
  b->reset();
  ASSERT_TRUE(loop.until([&] { return d->has_value(); }));
  c->reset();
  d->reset();
  EXPECT_EQ(small->in_use(), 0u);
  EXPECT_EQ(count("pg_stat_activity where application_name = 'pool-test' and datname = current_database()"), 2);
}

TEST_F(PoolTest, WaitingForAPlaceHasAnEnd) {
  const auto small = pool_of(1, 100ms);
  const auto held = take(*small);
  ASSERT_TRUE(loop.until([&] { return held->has_value(); }));
  const Result<Pool::Lease> refused = loop.run(small->acquire());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::service_unavailable);
}

TEST_F(PoolTest, ACancelledWaiterTakesNoPlace) {
  const auto small = pool_of(1);
  const auto held = take(*small);
  ASSERT_TRUE(loop.until([&] { return held->has_value(); }));
  TaskGroup group(loop.io);
  group.spawn("waits", [](Pool& from) -> awaitable<void> { co_await from.acquire(); }(*small));
  loop.io.run_for(20ms);
  group.cancel();
  ASSERT_TRUE(loop.until([&] { return group.size() == 0; }));
  held->reset();
  EXPECT_TRUE(loop.run(small->acquire()));
}

TEST_F(PoolTest, AnOpenTransactionDoesNotComeBack) {
  const auto small = pool_of(1);
  {
    const Result<Pool::Lease> lease = loop.run(small->acquire());
    ASSERT_TRUE(lease);
    std::vector<Query> begin;
    begin.push_back({&kBegin, {}});
    begin.push_back({&kOpenTransaction, {}});
    ASSERT_TRUE(loop.run((*lease)->run(std::move(begin), Grouping::separate, 5s)));
  }
  const Result<Pool::Lease> next = loop.run(small->acquire());
  ASSERT_TRUE(next);
  EXPECT_TRUE((*next)->reusable());
}

// Connections of an outage may come back after the first good one was made.
TEST_F(PoolTest, AStaleConnectionThatComesBackLateDoesNotMakeTheDatabaseSeemAway) {
  const auto small = pool_of(2);
  const auto stale = take(*small);
  const auto good = take(*small);
  ASSERT_TRUE(loop.until([&] { return stale->has_value() && good->has_value(); }));
  Connection& dying = ****stale;
  const Result<ResultSet> pid = loop.run(dying.run_one(kPid, 5s));
  ASSERT_TRUE(pid);
  execute(fmt::format("select pg_terminate_backend({})", pid->int4(0, 0)));
  EXPECT_FALSE(loop.run(dying.run_one(kOne, 5s)));
  good->reset();
  stale->reset();
  EXPECT_FALSE(small->healthy());
  EXPECT_TRUE(loop.run(run_on(*small, kOne)));
  EXPECT_TRUE(small->healthy());
}

TEST_F(PoolOutage, WorksAgainAfterARestartOfTheServer) {
  ASSERT_TRUE(loop.run(run_on(*pool, kOne)));
  server.stop(PostgresServer::Stop::fast);
  const Result<ResultSet> away = loop.run(run_on(*pool, kOne));
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().code, ErrorCode::service_unavailable);
  EXPECT_FALSE(pool->healthy());
  EXPECT_FALSE(loop.run(pool->ping(500ms)));
  server.start();
  ASSERT_TRUE(loop.until([&] { return loop.run(pool->ping(2s)).has_value(); }));
  EXPECT_TRUE(pool->healthy());
  EXPECT_TRUE(loop.run(run_on(*pool, kOne)));
}

TEST_F(PoolOutage, WhileTheDatabaseIsKnownToBeAwayCallersAreToldAtOnce) {
  server.stop(PostgresServer::Stop::fast);
  EXPECT_FALSE(loop.run(run_on(*pool, kOne)));  // up to the acquire timeout
  int fast = 0;
  for (int i = 0; i < 20; ++i) {
    const auto begin = SteadyClock::now();
    EXPECT_FALSE(loop.run(run_on(*pool, kOne)));
    if (SteadyClock::now() - begin < 100ms) ++fast;
  }
  server.start();
  EXPECT_GE(fast, 15);
}

TEST_F(PoolTest, PingDoesNotWaitBehindBusyConnections) {
  const auto small = pool_of(1);
  const auto held = take(*small);
  ASSERT_TRUE(loop.until([&] { return held->has_value(); }));
  EXPECT_TRUE(loop.run(small->ping(2s)));
}

}  // namespace
}  // namespace r8r::store::test
