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
// For a request that waits. When the database hangs it is answered within 100 ms.
constexpr auto kPatience = std::chrono::milliseconds(90);
constexpr auto kFirstAnswer = std::chrono::milliseconds(400);
constexpr auto kSoonAfter = std::chrono::milliseconds(10);
constexpr auto kBetweenDataChecks = std::chrono::seconds(60);
constexpr std::int64_t kExecutionsChecked = 10'000;

}  // namespace

Health::Health(asio::io_context& io, store::Pool& pool, const Lifecycle& lifecycle)
    : pool_(pool), lifecycle_(lifecycle), leases_(pool), look_now_(io), answer_came_(io), counted_(io) {}

void Health::set_bus(bus::Connection& bus, const std::string& instance) {
  bus_ = &bus;
  inbox_ = "_INBOX.r8r-api." + instance;
  Result<bus::Subscription> subscribed = bus.subscribe(inbox_, [this](std::vector<bus::Message> messages) {
    for (bus::Message& message : messages) {
      // An empty answer is the server's.
      nobody_listens_ = nobody_listens_ || message.data.empty();
      if (!message.data.empty()) answered_.insert(std::move(message.data));
    }
    answer_came_.notify_all();
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
  bool hurry = false;
  while (true) {
    co_await check_database();
    if (SteadyClock::now() >= next_count && lifecycle_.started) {
      if (database_answers_) co_await count_schedulers();
      if (bus_ok()) co_await count_workers(hurry);
      // While somebody is missing, look again soon: a system that starts is soon complete.
      next_count = SteadyClock::now() + (is_complete() ? kBetweenCounts : SteadyClock::duration::zero());
      counted_.notify_all();
    }
    update_metrics();
    SteadyClock::duration pause = kBetweenChecks;
    if (!is_complete()) pause = kBetweenChecksWhenIncomplete;
    if (!database_ok()) pause = kBetweenChecksWhenAway;
    hurry = co_await look_now_.wait_for(pause);
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

// In a hurry: until the first answers, and what comes together with them.
awaitable<void> Health::count_workers(bool hurry) {
  answered_.clear();
  nobody_listens_ = false;
  if (!bus_->publish_request(bus::kWorkerPing, inbox_, "")) co_return;
  asking_workers_ = true;
  if (hurry) co_await answer_came_.wait_for(kFirstAnswer);
  const SteadyClock::duration rest = hurry ? kSoonAfter : kAnswerTime;
  if (!nobody_listens_) co_await sleep_for(rest);
  asking_workers_ = false;
  workers_ = static_cast<int>(answered_.size());
}

awaitable<void> Health::watch_data() {
  while (true) {
    if (lifecycle_.started) co_await check_data();
    const SteadyClock::duration pause = lifecycle_.started ? kBetweenDataChecks : kBetweenChecksWhenIncomplete;
    const bool slept = co_await sleep_for(pause);
    if (!slept) co_return;
  }
}

awaitable<void> Health::check_data() {
  Result<store::Integrity> found = co_await store::check_integrity(pool_, kExecutionsChecked);
  if (!found) co_return;  // the database's own state says why
  std::string problem = found->first_problem();
  if (problem != "ok" && problem != integrity_check_)
    log::error("the database holds what should not be there", {{"problem", problem}});
  integrity_ = *found;
  integrity_check_ = std::move(problem);
}

void Health::update_metrics() const {
  static metrics::Gauge in_use = metrics::gauge("r8r_db_pool_in_use", "Database connections in use");
  static metrics::Gauge reconnects =
      metrics::gauge("r8r_bus_reconnects_total", "How often the bus was lost and found again");
  in_use.set(static_cast<double>(pool_.in_use()));
  if (bus_) reconnects.set(static_cast<double>(bus_->reconnects()));
}

awaitable<http::Response> Health::report() {
  if (lifecycle_.started && !is_complete() && bus_ok() && database_ok()) {
    look_now_.notify_all();
    const bool counted = co_await counted_.wait_for(kPatience);
    // Not the database, then.
    if (!counted && asking_workers_) co_await counted_.wait_for(kFirstAnswer);
  }
  co_return describe();
}

http::Response Health::describe() const {
  const bool database = database_ok();
  const bool bus = bus_ok();
  std::string_view status = "ok";
  if (!bus || !is_complete()) status = "degraded";
  if (!database) status = "error";
  const std::string_view integrity =
      database ? std::string_view(integrity_check_) : "unknown: the database does not answer";
  std::string body;
  // The keys from foreign_keys_enabled to busy_timeout_ms describe SQLite; PostgreSQL has one true answer to each.
  fmt::format_to(
      std::back_inserter(body),
      R"({{"status":"{}","foreign_keys_enabled":true,"integrity_check":"{}","orphaned_executions":{},)"
      R"("orphaned_node_executions":{},"orphaned_workflow_versions":{},"journal_mode":"wal","busy_timeout_ms":0,)",
      status, integrity, integrity_.orphaned_executions, integrity_.orphaned_node_executions,
      integrity_.orphaned_workflow_versions);
  fmt::format_to(std::back_inserter(body), R"("database":{{"status":"{}",)", database ? "ok" : "error");
  if (database) {
    fmt::format_to(std::back_inserter(body), R"("latency_ms":{:.2f},)", latency_ms_);
  } else {
    body += "\"latency_ms\":null,\"message\":";
    append_json_string(body, database_problem_);
    body += ',';
  }
  fmt::format_to(std::back_inserter(body),
                 R"("integrity_check":"{}","orphaned_executions":{},"orphaned_node_executions":{}}},)"
                 R"("bus":{{"status":"{}"}},"schedulers":{},"workers":{},"version":"{}","uptime_seconds":{}}})",
                 integrity, integrity_.orphaned_executions, integrity_.orphaned_node_executions, bus ? "ok" : "error",
                 schedulers_, bus ? workers_ : 0, kVersion,
                 std::chrono::duration_cast<std::chrono::seconds>(SteadyClock::now() - began_).count());
  http::Response response = http::Response::json(database ? 200 : 503, std::move(body));
  response.headers.emplace_back("Cache-Control", "no-store");
  if (!database) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace r8r::api
