// What the group commit queues reach against a real PostgreSQL with fsync on: accepted executions per second with many
// waiting coroutines, the latency of one at a time, and endings per second. Without --url it starts a server of its
// own.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <vector>

#include "common/base/async.hpp"
#include "common/base/log.hpp"
#include "common/store/accept_queue.hpp"
#include "common/store/leases.hpp"
#include "common/store/migrations.hpp"
#include "common/store/pool.hpp"
#include "common/store/progress_queue.hpp"
#include "tests/support/postgres_server.hpp"

namespace r8r {
namespace {

using namespace std::chrono_literals;

struct Round {
  std::vector<double> latencies_us;
  std::vector<Uuid> ids;
  double seconds = 0;
};

store::NewExecution new_execution() {
  store::NewExecution execution;
  execution.id = Uuid::v7();
  execution.partition = partition_of(execution.id, 64);
  execution.workflow_id = execution.id;
  execution.workflow_version = 1;
  execution.workflow_name = "chain5";
  execution.trigger_type = "api";
  execution.origin = "api";
  execution.input = R"({"v":1,"note":"a small input as most are"})";
  execution.correlation_id = execution.id.to_string();
  execution.accepted_at = wall_now();
  return execution;
}

awaitable<void> accept_until(store::AcceptQueue& queue, SteadyClock::time_point end, Round& round) {
  while (SteadyClock::now() < end) {
    store::NewExecution execution = new_execution();
    const Uuid id = execution.id;
    const auto begin = SteadyClock::now();
    const Result<store::Accepted> accepted = co_await queue.accept(std::move(execution));
    if (!accepted) throw std::runtime_error(accepted.error().message);
    round.latencies_us.push_back(std::chrono::duration<double, std::micro>(SteadyClock::now() - begin).count());
    round.ids.push_back(id);
  }
}

void print(const char* what, Round& round) {
  std::sort(round.latencies_us.begin(), round.latencies_us.end());
  const auto at = [&](double part) {
    return round.latencies_us.empty()
               ? 0.0
               : round.latencies_us[static_cast<std::size_t>(part * (round.latencies_us.size() - 1))];
  };
  fmt::print("{:<28} {:>8.0f} /s   p50 {:>7.0f} us   p99 {:>7.0f} us\n", what,
             round.latencies_us.size() / round.seconds, at(0.5), at(0.99));
}

Round accept_round(asio::io_context& io, store::AcceptQueue& queue, int clients, std::chrono::seconds time) {
  Round round;
  const auto begin = SteadyClock::now();
  TaskGroup group(io);
  for (int i = 0; i < clients; ++i) group.spawn("client", accept_until(queue, begin + time, round));
  io.restart();
  while (group.size() > 0) io.run_one();
  round.seconds = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  return round;
}

/// Ends these executions, at most `window` waiting at a time.
Round end_round(asio::io_context& io, store::ProgressQueue& queue, const std::vector<Uuid>& ids, std::size_t window) {
  Round round;
  const auto begin = SteadyClock::now();
  std::size_t next = 0;
  const auto submit = [&](auto& self) -> void {
    if (next == ids.size()) return;
    store::ExecutionProgress progress;
    progress.id = ids[next++];
    progress.ending = store::Ending{.status = "completed",
                                    .output = R"({"v":6})",
                                    .trace = std::string(600, ' ').replace(0, 2, "[]"),
                                    .started_at = wall_now(),
                                    .finished_at = wall_now()};
    const auto submitted = SteadyClock::now();
    queue.commit(std::move(progress), [&, submitted](Result<store::ProgressOutcome> outcome) {
      if (!outcome || *outcome != store::ProgressOutcome::committed)
        throw std::runtime_error("an ending was not committed");
      round.latencies_us.push_back(std::chrono::duration<double, std::micro>(SteadyClock::now() - submitted).count());
      self(self);
    });
  };
  io.restart();
  for (std::size_t i = 0; i < window; ++i) submit(submit);
  while (round.latencies_us.size() < ids.size()) io.run_one();
  round.seconds = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  return round;
}

template <class T>
T run(asio::io_context& io, awaitable<Result<T>> body) {
  Result<T> answer = fail(ErrorCode::timeout, "did not end");
  asio::co_spawn(io, std::move(body), [&](std::exception_ptr failure, Result<T> result) {
    if (failure) std::rethrow_exception(failure);
    answer = std::move(result);
  });
  io.restart();
  io.run();
  if (!answer) throw std::runtime_error(answer.error().message);
  return std::move(*answer);
}

}  // namespace
}  // namespace r8r

int main(int argc, char** argv) {
  using namespace r8r;
  std::string url;
  int seconds = 5;
  CLI::App application("group commit against PostgreSQL");
  application.add_option("--url", url, "database to fill; without it a server of its own");
  application.add_option("--seconds", seconds, "per round");
  CLI11_PARSE(application, argc, argv);
  try {
    std::unique_ptr<r8r::test::PostgresServer> server;
    if (url.empty()) {
      server = std::make_unique<r8r::test::PostgresServer>();
      url = server->create_database();
    }
    asio::io_context io;
    store::Pool pool(io, {.url = url, .application_name = "store-bench"});
    run(io, store::migrate(pool, 64));
    store::CommitOptions options;
    options.url = url;
    options.application_name = "store-bench-accept";
    store::AcceptQueue accepts(io, options);
    store::Leases leases(pool);
    const std::int64_t incarnation = run(io, leases.begin_incarnation("store-bench", std::chrono::hours(1)));
    options.application_name = store::Leases::writer_name(incarnation);
    store::ProgressQueue progress(io, options, incarnation);

    accept_round(io, accepts, 64, std::chrono::seconds(1));  // to warm up
    Round one = accept_round(io, accepts, 1, std::chrono::seconds(seconds));
    print("accept, 1 client", one);
    Round many = accept_round(io, accepts, 64, std::chrono::seconds(seconds));
    print("accept, 64 clients", many);
    Round ended = end_round(io, progress, many.ids, 64);
    print("end, 64 in flight", ended);
    Round ended_alone = end_round(io, progress, one.ids, 1);
    print("end, 1 in flight", ended_alone);
  } catch (const std::exception& error) {
    fmt::print(stderr, "store_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
