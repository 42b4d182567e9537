#include "services/worker/worker.hpp"

#include <fmt/format.h>

#include "common/base/log.hpp"
#include "common/base/metrics.hpp"
#include "common/bus/messages.hpp"
#include "common/bus/subjects.hpp"
#include "common/http/probe.hpp"
#include "services/worker/http_node.hpp"
#include "services/worker/puller.hpp"
#include "services/worker/storage.hpp"
#include "services/worker/subworkflow_node.hpp"
#include "services/worker/task_runner.hpp"
#include "services/worker/worker_metrics.hpp"

namespace r8r::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kConnectRound{2};  // also how long a shutdown may wait for it
constexpr seconds kDatabaseCheck{5};
constexpr milliseconds kPingLimit{2'000};
constexpr milliseconds kFlushLimit{1'000};
constexpr seconds kStopGrace{3};

store::PoolOptions pool_options(const Settings& settings) {
  store::PoolOptions options;
  options.url = settings.common.database_url;
  options.application_name = "r8r-worker";
  options.size = static_cast<std::size_t>(settings.common.db_pool_size);
  return options;
}

}  // namespace

struct Worker::Parts {
  Parts(asio::io_context& io, const Settings& settings, expr::Value expression_env)
      : env(std::move(expression_env)),
        pool(io, pool_options(settings)),
        storage(io, pool),
        http(io, settings.guard),
        subworkflow(storage, storage),
        group(io) {}

  expr::Value env;
  store::Pool pool;
  Storage storage;
  HttpNode http;
  SubworkflowNode subworkflow;
  // From here on: as soon as there was a connection to the bus.
  std::unique_ptr<bus::Connection> bus;
  std::unique_ptr<Puller> puller;
  std::unique_ptr<TaskRunner> runner;
  bus::Subscription cancels;
  bus::Subscription partitions_changed;
  bus::Subscription pings;

  std::optional<std::string> database_problem = "not connected yet";
  std::unique_ptr<http::ServiceProbe> probe;
  bool draining = false;
  TaskGroup group;  // last: its coroutines use the rest
};

Worker::Worker(asio::io_context& io, Settings settings, expr::Value env)
    : io_(io), settings_(std::move(settings)), parts_(std::make_unique<Parts>(io, settings_, std::move(env))) {}

Worker::~Worker() = default;

Result<void> Worker::start() {
  WorkerMetrics::register_all();
  metrics::gauge("r8r_build_info", "Always 1; the version is in the label",
                 {{"version", R8R_VERSION}, {"service", "worker"}})
      .set(1);
  parts_->probe = std::make_unique<http::ServiceProbe>(io_, settings_.metrics_host, settings_.metrics_port,
                                                       [this] { return not_ready(); });
  if (Result<void> listening = parts_->probe->listen(); !listening) return listening;
  log::info("worker started", {{"worker", settings_.name},
                               {"pools", fmt::format("{}", fmt::join(settings_.pools, ","))},
                               {"concurrency", settings_.concurrency},
                               {"metrics_port", static_cast<unsigned>(parts_->probe->port())}});
  parts_->group.spawn("bus connection", connect());
  parts_->group.spawn("database watch", watch_database());
  return {};
}

awaitable<void> Worker::connect() {
  bool told = false;
  while (!parts_->draining) {
    bus::Options options;
    options.url = settings_.common.nats_url;
    options.name = "r8r-worker " + settings_.name;
    Result<std::unique_ptr<bus::Connection>> connection = co_await bus::Connection::connect(
        io_, std::move(options), std::chrono::duration_cast<milliseconds>(kConnectRound));
    if (connection) {
      parts_->bus = std::move(*connection);
      break;
    }
    if (!told) log::warn("the bus is away; trying on", {{"error", connection.error().message}});
    told = true;
    co_await sleep_for(seconds(1));
  }
  if (!parts_->draining) run_on_bus();
}

void Worker::run_on_bus() {
  Parts& parts = *parts_;
  parts.puller = std::make_unique<Puller>(io_, *parts.bus, settings_.pools);
  parts.runner = std::make_unique<TaskRunner>(
      io_, TaskRunner::Parts{.queue = *parts.puller,
                             .bus = *parts.puller,
                             .workflows = parts.storage,
                             .payloads = parts.storage,
                             .effect_nodes = {{"http", &parts.http}, {"subworkflow", &parts.subworkflow}},
                             .options = {.env = parts.env,
                                         .worker = settings_.name,
                                         .max_output_bytes = settings_.common.max_output_bytes},
                             .concurrency = settings_.concurrency});
  const auto listen = [&parts](std::string_view subject, bus::Connection::Handler handler) {
    Result<bus::Subscription> made = parts.bus->subscribe(std::string(subject), std::move(handler));
    if (!made) log::error("cannot subscribe", {{"subject", subject}, {"error", made.error().message}});
    return made ? std::move(*made) : bus::Subscription();
  };
  parts.cancels = listen(bus::kCancel, [&parts](std::vector<bus::Message> messages) {
    for (const bus::Message& message : messages) {
      const Result<std::vector<bus::CancelNotice>> notices = bus::decode<bus::CancelNotice>(message.data);
      if (!notices) continue;
      for (const bus::CancelNotice& notice : *notices)
        parts.runner->cancel_execution(notice.execution_id, notice.dispatch_id);
    }
  });
  parts.partitions_changed =
      listen(bus::kPartitionsChanged, [&parts](std::vector<bus::Message>) { parts.runner->nudge(); });
  parts.pings = listen(bus::kWorkerPing, [this, &parts](std::vector<bus::Message> messages) {
    for (const bus::Message& message : messages) parts.bus->publish(message.reply, settings_.name);
  });
  parts.bus->on_state_change([&parts](bool connected) {
    if (connected && parts.runner) parts.runner->nudge();
  });
  parts.puller->start([&parts](std::vector<bus::QueueMessage> messages) { parts.runner->take(std::move(messages)); });
  parts.runner->start();
  parts.group.spawn("task queue", parts.puller->keep_queue());
}

// For /readyz: the worker may have no reason to ask the database for hours. The pool logs what it finds.
awaitable<void> Worker::watch_database() {
  while (true) {
    const Result<void> answer = co_await parts_->pool.ping(kPingLimit);
    parts_->database_problem = answer ? std::nullopt : std::optional<std::string>(answer.error().message);
    const seconds pause = answer ? kDatabaseCheck : seconds(1);
    const bool slept = co_await sleep_for(pause);
    if (!slept) co_return;
  }
}

std::optional<std::string> Worker::not_ready() const {
  const Parts& parts = *parts_;
  if (parts.draining) return "shutting down";
  std::vector<std::string> missing;
  if (!parts.bus || !parts.bus->connected()) {
    missing.emplace_back("bus: not connected");
  } else if (!parts.puller || !parts.puller->ready()) {
    missing.push_back("task queue: " + (parts.puller ? parts.puller->problem() : std::string("not there yet")));
  }
  if (parts.database_problem) missing.push_back("database: " + *parts.database_problem);
  if (missing.empty()) return std::nullopt;
  return fmt::format("{}", fmt::join(missing, "; "));
}

awaitable<void> Worker::drain() {
  Parts& parts = *parts_;
  parts.draining = true;
  log::info("draining", {{"timeout_seconds", static_cast<long>(settings_.common.shutdown_timeout.count())}});
  if (parts.runner) {
    co_await parts.runner->drain(settings_.common.shutdown_timeout);
    // After a round trip everything that the server had sent before is here, and was given back; then that is out, too.
    for (int round = 0; round < 2; ++round) {
      const Result<void> flushed = co_await parts.bus->flush(kFlushLimit);
      if (!flushed) break;
    }
  }
  parts.cancels.reset();
  parts.partitions_changed.reset();
  parts.pings.reset();
  parts.group.cancel();
  co_await parts.group.wait(kStopGrace);
  parts.probe->stop();
  log::info("stopped");
}

}  // namespace r8r::worker
