#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <unordered_set>

#include "common/base/async.hpp"
#include "common/bus/connection.hpp"
#include "common/http/request.hpp"
#include "common/store/integrity.hpp"
#include "common/store/leases.hpp"
#include "common/store/pool.hpp"
#include "services/api/lifecycle.hpp"

namespace r8r::api {

/// What the service knows of the things it depends on, found out in the background so that no request waits for it.
class Health {
 public:
  Health(asio::io_context& io, store::Pool& pool, const Lifecycle& lifecycle);

  /// The bus connection is made after this; until then the bus counts as away.
  void set_bus(bus::Connection& bus, const std::string& instance);
  /// Checks the database and counts schedulers and workers; runs until cancelled.
  awaitable<void> watch();
  /// Looks at what the database holds, every minute; runs until cancelled.
  awaitable<void> watch_data();

  bool database_ok() const;
  bool bus_ok() const { return bus_ != nullptr && bus_->connected(); }
  /// Why requests cannot be served now, or nullopt.
  std::optional<std::string> not_ready() const;

  /// The answer of GET /api/health. When nobody was there at the last count, asks again first: a system that has just
  /// started is told as it is now.
  awaitable<http::Response> report();

 private:
  http::Response describe() const;
  bool is_complete() const { return schedulers_ > 0 && workers_ > 0; }
  awaitable<void> check_data();
  awaitable<void> check_database();
  awaitable<void> count_schedulers();
  awaitable<void> count_workers(bool hurry);
  void update_metrics() const;

  store::Pool& pool_;
  const Lifecycle& lifecycle_;
  store::Leases leases_;
  bus::Connection* bus_ = nullptr;
  std::string inbox_;
  bus::Subscription answers_;
  std::unordered_set<std::string> answered_;  // workers that answered the current question

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool database_answers_ = false;
  std::string database_problem_ = "not reached yet";
  double latency_ms_ = 0;
  int schedulers_ = 0;
  int workers_ = 0;
  store::Integrity integrity_;
  std::string integrity_check_ = "ok";
  Notifier look_now_;
  Notifier answer_came_;
  Notifier counted_;
  bool asking_workers_ = false;
  bool nobody_listens_ = false;
};

}  // namespace r8r::api
