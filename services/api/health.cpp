#include "services/api/health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "common/base/json_text.hpp"
#include "common/base/log.hpp"
#include "common/base/metrics.hpp"
#include "common/bus/subjects.hpp"
#include "services/api/version.hpp"

namespace r8r::api {
namespace {

// With these an idle service sends less than one statement a second.
constexpr auto kBetweenChecks = std::chrono::milliseconds(2'000);
constexpr auto kBetweenChecksWhenAway = std::chrono::milliseconds(500);
constexpr auto kBetweenChecksWhenIncomplete = std::chrono::milliseconds(1'000);
constexpr auto kPingLimit = std::chrono::milliseconds(1'000);
constexpr auto kBetweenCounts = std::chrono::seconds(5);
constexpr auto kAnswerTime = std::chrono::milliseconds(200);

}  // namespace

Health::Health(store::Pool& pool, const Lifecycle& lifecycle) : pool_(pool), lifecycle_(lifecycle), leases_(pool) {}

void Health::set_bus(bus::Connection& bus, const std::string& instance) {
  bus_ = &bus;
  inbox_ = "_INBOX.r8r-api." + instance;
  Result<bus::Subscription> subscribed = bus.subscribe(inbox_, [this](std::vector<bus::Message> messages) {
    // An empty answer is the server's: nobody listens.
    for (bus::Message& message : messages) {
      if (!message.data.empty()) answered_.insert(std::move(message.data));
    }
  });
  if (subscribed) answers_ = std::move(*subscribed);
}

bool Health::database_ok() const {
  return database_answers_ && pool_.healthy();
}

std::optional<std::string> Health::not_ready() const {
  if (lifecycle_.draining) return "shutting down";
  if (!database_ok()) return "the database is away: " + database_problem_;
  if (!bus_ok()) return "the message bus is away";
  if (!lifecycle_.started) return "starting";
  return std::nullopt;
}

awaitable<void> Health::watch() {
  auto next_count = SteadyClock::now();
  while (true) {
    co_await check_database();
    if (SteadyClock::now() >= next_count && lifecycle_.started) {
      if (database_answers_) co_await count_schedulers();
      if (bus_ok()) co_await count_workers();
      // While somebody is missing, look again soon: a system that starts is soon complete.
      const bool complete = schedulers_ > 0 && workers_ > 0;
      next_count = SteadyClock::now() + (complete ? kBetweenCounts : SteadyClock::duration::zero());
    }
    update_metrics();
    SteadyClock::duration pause = kBetweenChecks;
    if (schedulers_ == 0 || workers_ == 0) pause = kBetweenChecksWhenIncomplete;
    if (!database_ok()) pause = kBetweenChecksWhenAway;
    const bool slept = co_await sleep_for(pause);
    if (!slept) co_return;
  }
}

awaitable<void> Health::check_database() {
  const auto began = SteadyClock::now();
  Result<void> answer = co_await pool_.ping(kPingLimit);
  const bool was_ok = std::exchange(database_answers_, answer.has_value());
  if (answer) {
    latency_ms_ = std::chrono::duration<double, std::milli>(SteadyClock::now() - began).count();
    if (!was_ok) log::info("the database answers");
  } else {
    database_problem_ = answer.error().message;
    if (was_ok) log::warn("the database does not answer", {{"error", database_problem_}});
  }
}

awaitable<void> Health::count_schedulers() {
  Result<std::vector<store::Peer>> peers = co_await leases_.peers();
  if (!peers) co_return;
  schedulers_ = static_cast<int>(std::count_if(peers->begin(), peers->end(), [](const store::Peer& peer) {
    return !peer.fenced && peer.lease_left > std::chrono::milliseconds(0);
  }));
}

awaitable<void> Health::count_workers() {
  answered_.clear();
  if (!bus_->publish_request(bus::kWorkerPing, inbox_, "")) co_return;
  co_await sleep_for(kAnswerTime);
  workers_ = static_cast<int>(answered_.size());
}

void Health::update_metrics() const {
  static metrics::Gauge in_use = metrics::gauge("r8r_db_pool_in_use", "Database connections in use");
  static metrics::Gauge reconnects =
      metrics::gauge("r8r_bus_reconnects_total", "How often the bus was lost and found again");
  in_use.set(static_cast<double>(pool_.in_use()));
  if (bus_) reconnects.set(static_cast<double>(bus_->reconnects()));
}

http::Response Health::report() const {
  const bool database = database_ok();
  const bool bus = bus_ok();
  std::string_view status = "ok";
  if (!bus || schedulers_ == 0 || workers_ == 0) status = "degraded";
  if (!database) status = "error";
  const std::string_view integrity = database ? "ok" : "unknown: the database does not answer";
  std::string body;
  // The keys from foreign_keys_enabled to busy_timeout_ms describe SQLite; PostgreSQL has one true answer to each.
  fmt::format_to(
      std::back_inserter(body),
      R"({{"status":"{}","foreign_keys_enabled":true,"integrity_check":"{}","orphaned_executions":0,)"
      R"("orphaned_node_executions":0,"orphaned_workflow_versions":0,"journal_mode":"wal","busy_timeout_ms":0,)",
      status, integrity);
  fmt::format_to(std::back_inserter(body), R"("database":{{"status":"{}",)", database ? "ok" : "error");
  if (database) {
    fmt::format_to(std::back_inserter(body), R"("latency_ms":{:.2f},)", latency_ms_);
  } else {
    body += "\"latency_ms\":null,\"message\":";
    append_json_string(body, database_problem_);
    body += ',';
  }
  fmt::format_to(std::back_inserter(body),
                 R"("integrity_check":"{}","orphaned_executions":0,"orphaned_node_executions":0}},)"
                 R"("bus":{{"status":"{}"}},"schedulers":{},"workers":{},"version":"{}","uptime_seconds":{}}})",
                 integrity, bus ? "ok" : "error", schedulers_, bus ? workers_ : 0, kVersion,
                 std::chrono::duration_cast<std::chrono::seconds>(SteadyClock::now() - began_).count());
  http::Response response = http::Response::json(database ? 200 : 503, std::move(body));
  response.headers.emplace_back("Cache-Control", "no-store");
  if (!database) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace r8r::api
