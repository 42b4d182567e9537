#include "services/scheduler/scheduler.hpp"

#include <fmt/format.h>

#include "common/base/log.hpp"
#include "common/store/events.hpp"
#include "common/store/executions.hpp"
#include "common/store/leases.hpp"
#include "common/store/migrations.hpp"
#include "common/store/retention.hpp"
#include "common/store/schedules.hpp"
#include "services/scheduler/cron_triggers.hpp"
#include "services/scheduler/delayed_starts.hpp"
#include "services/scheduler/dependency_starts.hpp"

namespace r8r::scheduler {
namespace {

constexpr auto kRetryPause = std::chrono::milliseconds(500);
constexpr int kDaysAhead = 3;
constexpr SteadyClock::duration kBetweenMaintenance = std::chrono::hours(1);
constexpr SteadyClock::duration kMaintenanceAgain = std::chrono::minutes(1);

store::PoolOptions pool_options(const Settings& settings) {
  return {.url = settings.common.database_url,
          .application_name = "r8r-scheduler",
          .size = static_cast<std::size_t>(settings.common.db_pool_size)};
}

void tell(const store::RetentionReport& report) {
  if (report.partitions.empty() && report.rows == 0 && report.idempotency_keys == 0) return;
  log::info("old executions were removed", {{"partitions", fmt::format("{}", fmt::join(report.partitions, ", "))},
                                            {"rows_carried_over", report.carried_over},
                                            {"rows", report.rows},
                                            {"idempotency_keys", report.idempotency_keys}});
}

}  // namespace

Scheduler::Scheduler(asio::io_context& io, Settings settings)
    : io_(io),
      settings_(std::move(settings)),
      up_since_(wall_now()),
      pool_(io, pool_options(settings_)),
      catalog_(io, pool_),
      stop_asked_(io),
      tasks_(io) {}

Scheduler::~Scheduler() = default;

void Scheduler::stop() {
  if (stopping_) return;
  stopping_ = true;
  log::info("stopping: partitions are handed over");
  stop_asked_.notify_all();
  if (incarnation_) incarnation_->stop();
}

std::optional<std::string> Scheduler::why_not_ready() const {
  if (stopping_) return "stopping";
  if (!bus_ || !bus_->connected()) return "the bus (NATS) is not reachable";
  if (!pool_.healthy()) return "the database is not reachable";
  if (!incarnation_ || !incarnation_->holds_lease()) return "no lease is held";
  if (!incarnation_->settled()) return "partitions are not taken yet";
  if (!task_queue_->ready()) return "the work queue is not available";
  return std::nullopt;
}

// Bus and database, in whatever order they come up. False when asked to stop meanwhile.
awaitable<bool> Scheduler::connect() {
  std::string last_problem;
  while (!stopping_) {
    std::string problem;
    if (!bus_) {
      bus::Options options;
      options.url = settings_.common.nats_url;
      options.name = "r8r-scheduler";
      auto bus = co_await bus::Connection::connect(io_, std::move(options), std::chrono::seconds(2));
      if (bus) {
        bus_ = std::move(*bus);
      } else {
        problem = bus.error().message;
      }
    }
    if (partitions_ == 0) {
      Result<int> migrated = co_await store::migrate(pool_, settings_.common.partitions);
      if (migrated) {
        partitions_ = *migrated;
      } else {
        problem = migrated.error().message;
      }
    }
    if (bus_ && partitions_ > 0) co_return true;
    if (problem != last_problem) log::warn("waiting for the database and the bus", {{"problem", problem}});
    last_problem = problem;
    co_await stop_asked_.wait_for(kRetryPause);
  }
  co_return false;
}

awaitable<void> Scheduler::run() {
  const bool connected = co_await connect();
  if (!connected) co_return;
  task_queue_ = std::make_unique<TaskQueue>(io_, *bus_);
  task_queue_->start();
  upstream_names_ = std::make_unique<UpstreamNames>(io_, *bus_, pool_);
  tasks_.spawn("upstream names", upstream_names_->run());
  store::Leases leases(pool_);
  store::Executions executions(pool_);
  bool maintained = false;
  while (!stopping_) {
    // History needs today's partitions before anything can end.
    if (!maintained) {
      Result<void> made = co_await executions.ensure_day_partitions(kDaysAhead);
      if (!made) {
        co_await stop_asked_.wait_for(kRetryPause);
        continue;
      }
      maintained = true;
      tasks_.spawn("history partitions", maintain_history());
    }
    const auto asked = SteadyClock::now();
    Result<std::int64_t> id = co_await leases.begin_incarnation(settings_.name, settings_.lease);
    if (!id) {
      co_await stop_asked_.wait_for(kRetryPause);
      continue;
    }
    log::info("incarnation begins", {{"incarnation", *id}, {"name", settings_.name}});
    ports_ = std::make_unique<LivePorts>(io_, *bus_, pool_, catalog_, *task_queue_, *upstream_names_, settings_, *id);
    incarnation_ = std::make_unique<Incarnation>(
        ports_->ports(),
        Incarnation::Terms{
            .lease = settings_.lease, .partitions = partitions_, .max_output_bytes = settings_.common.max_output_bytes},
        *id, asked);
    if (stopping_) incarnation_->stop();
    co_await live(*id);
    incarnation_.reset();
    ports_.reset();
  }
  co_await tasks_.close();
  task_queue_->stop();
}

// The incarnation, and what fires by itself in the partitions that it owns.
awaitable<void> Scheduler::live(std::int64_t id) {
  const auto cron = std::make_unique<CronTriggers>(
      CronTriggers::Parts{.io = io_,
                          .bus = *bus_,
                          .pool = pool_,
                          .catalog = catalog_,
                          .incarnation = id,
                          .partitions = partitions_,
                          .env = settings_.expression_env,
                          .up_since = up_since_,
                          .owns = [this](int partition) { return incarnation_->owns(partition); },
                          .may_act = [this] { return incarnation_->holds_lease(); }});
  const auto delayed =
      std::make_unique<DelayedStarts>(DelayedStarts::Parts{.io = io_,
                                                           .bus = *bus_,
                                                           .pool = pool_,
                                                           .incarnation = id,
                                                           .owned = [this] { return incarnation_->owned(); },
                                                           .may_act = [this] { return incarnation_->holds_lease(); }});
  const auto dependents = std::make_unique<DependencyStarts>(
      DependencyStarts::Parts{.io = io_,
                              .bus = *bus_,
                              .pool = pool_,
                              .catalog = catalog_,
                              .incarnation = id,
                              .partitions = partitions_,
                              .owned = [this] { return incarnation_->owned(); },
                              .may_act = [this] { return incarnation_->holds_lease(); }});
  TaskGroup beside(io_);
  incarnation_->on_partitions_changed([&cron, &delayed, &dependents] {
    cron->partitions_changed();
    delayed->partitions_changed();
    dependents->partitions_changed();
  });
  beside.spawn("cron triggers", cron->run());
  beside.spawn("delayed starts", delayed->run());
  beside.spawn("dependency starts", dependents->run());
  co_await incarnation_->run();
  incarnation_->on_partitions_changed([] {});
  co_await beside.close();
}

// Every scheduler does this; who comes second finds nothing left to do.
awaitable<void> Scheduler::maintain_history() {
  store::Executions executions(pool_);
  store::Schedules schedules(pool_);
  store::Events events(pool_);
  store::Retention retention(pool_);
  const store::RetentionRules rules{.days = settings_.common.retention_days,
                                    .idempotency_ttl = settings_.common.idempotency_ttl};
  while (true) {
    Result<void> made = co_await executions.ensure_day_partitions(kDaysAhead);
    if (!made) log::warn("the coming days' partitions could not be made", {{"error", made.error().message}});
    Result<void> forgotten = co_await schedules.forget_old();
    if (forgotten) forgotten = co_await events.forget_old();
    if (!forgotten)
      log::warn("old keys of cron firings and events could not be dropped", {{"error", forgotten.error().message}});
    Result<store::RetentionReport> kept = co_await retention.run(rules, wall_now());
    if (!kept) log::warn("old executions could not be removed", {{"error", kept.error().message}});
    if (kept) tell(*kept);
    const bool complete = made && kept && kept->postponed.empty();
    const SteadyClock::duration pause = complete ? kBetweenMaintenance : kMaintenanceAgain;
    const bool slept = co_await sleep_for(pause);
    if (!slept) co_return;
  }
}

}  // namespace r8r::scheduler
