#include "common/store/pool.hpp"

#include <fmt/format.h>

#include <deque>
#include <vector>

#include "common/base/async.hpp"
#include "common/base/metrics.hpp"
#include "common/store/pool_lease.hpp"
#include "common/store/sqlstate.hpp"

namespace r8r::store {
namespace {

constexpr Statement kPing{"ping", "select 1"};
constexpr auto kQuiet = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{1'000};
constexpr std::chrono::milliseconds kShortestAttempt{100};
constexpr std::chrono::milliseconds kLongestAttempt{3'000};
/// While the database has been away for longer than this, callers are told at once between two attempts to connect.
constexpr std::chrono::milliseconds kPatience{2'000};
/// On top of the statement timeout, for the way there and back: the server's own word comes first.
constexpr std::chrono::milliseconds kGrace{1'000};

}  // namespace

struct Pool::Impl : std::enable_shared_from_this<Pool::Impl> {
  /// Someone who waits for a place. Lives in the frame of wait_in_line(), which may be destroyed at any time.
  struct Waiter {
    Waiter(Impl& owner, SteadyClock::time_point until) : impl(owner), timer(owner.io, until) {
      impl.waiters.push_back(this);
    }
    Waiter(const Waiter&) = delete;
    ~Waiter() {
      std::erase(impl.waiters, this);
      if (has_place) impl.give_back(std::move(connection));
    }
    Impl& impl;
    asio::steady_timer timer;
    bool has_place = false;  ///< one of `size` places is the waiter's now
    std::unique_ptr<Connection> connection;
  };

  /// One of `size` places, perhaps with a connection; it goes back unless it was moved on.
  struct Place {
    Place() = default;
    Place(const Place&) = delete;
    ~Place() {
      if (pool) pool->give_back(std::move(connection));
    }
    void take(std::shared_ptr<Impl> from, std::unique_ptr<Connection> with) {
      pool = std::move(from);
      connection = std::move(with);
    }
    std::shared_ptr<Impl> pool;
    std::unique_ptr<Connection> connection;
  };

  Impl(asio::io_context& context, PoolOptions given)
      : io(context),
        options(std::move(given)),
        link_log(std::make_shared<LinkLog>(options.application_name)),
        in_use_gauge(metrics::gauge("r8r_db_pool_in_use", "Database connections on loan", {})) {}

  void give_back(std::unique_ptr<Connection> connection) {
    if (connection && connection->broken() && !connection->last_error().empty())
      link_log->lost(connection->last_error());
    if (connection && !connection->reusable()) connection.reset();
    // What it was lent for succeeded. This also takes back the word of a connection from before an outage that came
    // home, broken, after new ones were made.
    if (connection) link_log->restored();
    if (closed) connection.reset();
    if (!waiters.empty()) {
      Waiter* first = waiters.front();
      waiters.pop_front();
      first->has_place = true;
      first->connection = std::move(connection);
      first->timer.cancel();
      return;
    }
    --in_use;
    in_use_gauge.add(-1);
    if (connection) idle.push_back(std::move(connection));
  }

  /// An idle connection that still stands, or null.
  std::unique_ptr<Connection> take_idle() {
    while (!idle.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle.back());
      idle.pop_back();
      if (connection->alive()) return connection;
      link_log->lost(connection->last_error());
    }
    return nullptr;
  }

  ConnectionOptions how_to_connect(std::chrono::milliseconds limit) const {
    ConnectionOptions how;
    how.url = options.url;
    how.application_name = options.application_name;
    how.statement_timeout = options.statement_timeout;
    how.connect_timeout = limit;
    return how;
  }

  awaitable<bool> wait_in_line(SteadyClock::time_point deadline, Place& place);
  awaitable<Result<std::unique_ptr<Connection>>> connect(SteadyClock::time_point deadline);

  asio::io_context& io;
  PoolOptions options;
  std::shared_ptr<LinkLog> link_log;
  metrics::Gauge in_use_gauge;
  std::vector<std::unique_ptr<Connection>> idle;
  std::deque<Waiter*> waiters;
  std::size_t in_use = 0;
  bool closed = false;
  std::chrono::milliseconds pause = kFirstPause;
  SteadyClock::time_point next_attempt{};
};

awaitable<Result<std::unique_ptr<Connection>>> Pool::Impl::connect(SteadyClock::time_point deadline) {
  const std::shared_ptr<Impl> self = shared_from_this();
  while (true) {
    const auto now = SteadyClock::now();
    if (now < next_attempt) {
      if (link_log->away() > kPatience || next_attempt >= deadline) co_return fail(database_error(""));
      co_await sleep_for(next_attempt - now);
      continue;
    }
    // Whoever comes while this attempt is under way waits for its outcome when the database is known to be away.
    if (!link_log->up()) next_attempt = now + pause;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now);
    ConnectionOptions how = how_to_connect(std::clamp(left, kShortestAttempt, kLongestAttempt));
    Result<std::unique_ptr<Connection>> opened = co_await Connection::open(io, std::move(how), link_log);
    if (opened) {
      link_log->restored();
      pause = kFirstPause;
      next_attempt = {};
      co_return std::move(*opened);
    }
    next_attempt = SteadyClock::now() + pause;
    pause = std::min(pause * 2, kLongestPause);
  }
}

Pool::Pool(asio::io_context& io, PoolOptions options) : impl_(std::make_shared<Impl>(io, std::move(options))) {}

Pool::~Pool() {
  impl_->closed = true;
  impl_->idle.clear();
}

Pool::Lease::~Lease() {
  if (pool_) pool_->give_back(std::move(connection_));
}

awaitable<bool> Pool::Impl::wait_in_line(SteadyClock::time_point deadline, Place& place) {
  Waiter waiter(*this, deadline);
  co_await waiter.timer.async_wait(kQuiet);
  if (!waiter.has_place) co_return false;
  waiter.has_place = false;
  place.take(shared_from_this(), std::move(waiter.connection));
  co_return true;
}

awaitable<Result<Pool::Lease>> Pool::acquire() {
  const std::shared_ptr<Impl> impl = impl_;
  const auto deadline = SteadyClock::now() + impl->options.acquire_timeout;
  Impl::Place place;
  if (impl->in_use < impl->options.size) {
    ++impl->in_use;
    impl->in_use_gauge.add(1);
    place.take(impl, impl->take_idle());
  } else {
    const bool got_place = co_await impl->wait_in_line(deadline, place);
    if (!got_place) {
      co_return fail(ErrorCode::service_unavailable,
                     fmt::format("all {} database connections are busy; try again shortly", impl->options.size));
    }
  }
  if (!place.connection) {
    Result<std::unique_ptr<Connection>> opened = co_await impl->connect(deadline);
    if (!opened) co_return fail(std::move(opened.error()));
    place.connection = std::move(*opened);
  }
  co_return Lease(std::move(place.pool), std::move(place.connection));
}

awaitable<Result<void>> Pool::ping(std::chrono::milliseconds limit) {
  const std::shared_ptr<Impl> impl = impl_;
  // Not by acquire(): the answer must not wait behind busy connections.
  std::unique_ptr<Connection> connection = impl->take_idle();
  const auto deadline = SteadyClock::now() + limit;
  if (!connection) {
    ConnectionOptions how = impl->how_to_connect(limit);
    Result<std::unique_ptr<Connection>> opened = co_await Connection::open(impl->io, std::move(how), impl->link_log);
    if (!opened) co_return fail(ErrorCode::service_unavailable, "the database does not accept connections");
    connection = std::move(*opened);
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
  Result<ResultSet> answer = co_await connection->run_one(kPing, std::max(left, std::chrono::milliseconds(1)));
  if (!answer) {
    impl->link_log->lost(connection->last_error());
    co_return fail(ErrorCode::service_unavailable,
                   fmt::format("the database did not answer within {} ms", limit.count()));
  }
  impl->link_log->restored();
  if (!impl->closed && impl->idle.size() + impl->in_use < impl->options.size)
    impl->idle.push_back(std::move(connection));
  co_return Result<void>();
}

bool Pool::healthy() const {
  return impl_->link_log->up();
}
std::size_t Pool::in_use() const {
  return impl_->in_use;
}
const PoolOptions& Pool::options() const {
  return impl_->options;
}
asio::io_context& Pool::io() const {
  return impl_->io;
}

awaitable<Result<std::vector<ResultSet>>> run_on(Pool& pool, std::vector<Query> queries, Grouping grouping) {
  const std::chrono::milliseconds limit = pool.options().statement_timeout + kGrace;
  Result<Pool::Lease> lease = co_await pool.acquire();
  if (!lease) co_return fail(std::move(lease.error()));
  co_return co_await (*lease)->run(std::move(queries), grouping, limit);
}

awaitable<Result<ResultSet>> run_on(Pool& pool, const Statement& statement, Params params) {
  std::vector<Query> queries;
  queries.push_back({&statement, std::move(params)});
  Result<std::vector<ResultSet>> results = co_await run_on(pool, std::move(queries), Grouping::separate);
  if (!results) co_return fail(std::move(results.error()));
  co_return std::move(results->front());
}

awaitable<Result<ResultSet>> run_on(Pool& pool, const Statement& statement) {
  Params none;
  co_return co_await run_on(pool, statement, std::move(none));
}

}  // namespace r8r::store
