#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include "common/base/async.hpp"
#include "common/store/accept_queue.hpp"
#include "common/store/connection.hpp"
#include "common/store/executions.hpp"
#include "common/store/leases.hpp"
#include "common/store/migrations.hpp"
#include "common/store/pool_lease.hpp"
#include "common/store/progress_queue.hpp"
#include "tests/support/postgres_server.hpp"

namespace r8r::store::test {

using namespace std::chrono_literals;
using r8r::test::PostgresServer;

/// An io_context that a test turns by hand.
class Loop {
 public:
  asio::io_context io;

  /// Turns the loop until `condition` holds (true) or `limit` has passed (false).
  template <class Condition>
  bool until(Condition condition, std::chrono::milliseconds limit = 30s) {
    const auto give_up = SteadyClock::now() + limit;
    while (!condition()) {
      if (SteadyClock::now() >= give_up) return false;
      io.run_one_for(10ms);
    }
    return true;
  }

  template <class T>
  T run(awaitable<T> body) {
    const std::shared_ptr<std::optional<T>> answer = start(std::move(body));
    if (!until([&] { return answer->has_value(); }, 60s)) throw std::runtime_error("the coroutine did not end in time");
    return std::move(**answer);
  }

  /// Starts it; the answer is there when the loop has turned long enough.
  template <class T>
  std::shared_ptr<std::optional<T>> start(awaitable<T> body) {
    auto answer = std::make_shared<std::optional<T>>();
    asio::co_spawn(io, keep(std::move(body), answer), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
    return answer;
  }

 private:
  template <class T>
  static awaitable<void> keep(awaitable<T> body, std::shared_ptr<std::optional<T>> answer) {
    T value = co_await std::move(body);
    answer->emplace(std::move(value));
  }

  asio::executor_work_guard<asio::io_context::executor_type> work_{io.get_executor()};
};

/// A migrated database of its own for each test, with a pool. An emptied database serves the next test: making one
/// writes hundreds of files.
class StoreTest : public ::testing::Test {
 protected:
  explicit StoreTest(PostgresServer& server = PostgresServer::shared());
  ~StoreTest() override;

  /// One value of one row, as text; runs on a connection of its own, outside of what is tested.
  std::string value(const std::string& sql);
  std::int64_t count(const std::string& table_and_condition) {
    return std::stoll(value("select count(*) from " + table_and_condition));
  }
  void execute(const std::string& sql);
  std::unique_ptr<Connection> connect(const std::string& application_name);

  CommitOptions commit_options(const std::string& application_name = "store-test") const {
    CommitOptions options;
    options.url = url;
    options.application_name = application_name;
    return options;
  }
  NewExecution new_execution(int partition = 0) const;
  /// Accepts `count` executions and gives their ids.
  std::vector<Uuid> accept_all(AcceptQueue& queue, std::size_t count, int partition = 0);
  Ending ending(const std::string& status = "completed") const;
  /// Commits and waits for the outcome.
  Result<ProgressOutcome> commit(ProgressQueue& queue, ExecutionProgress progress);

  PostgresServer& server;
  Loop loop;
  std::string url;
  std::unique_ptr<Pool> pool;
};

}  // namespace r8r::store::test
