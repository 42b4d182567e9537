#pragma once
#include <memory>
#include <optional>
#include <string>

#include "common/base/async.hpp"
#include "services/worker/settings.hpp"

namespace r8r::worker {

/// The service: its parts, how they start and how they stop.
class Worker {
 public:
  Worker(asio::io_context& io, Settings settings, expr::Value env);
  ~Worker();

  /// Opens the metrics port and begins to look for bus and database; both may be away for as long as they like. Errors:
  /// the port cannot be had.
  Result<void> start();
  /// Finishes or gives back what it holds, within the shutdown timeout.
  awaitable<void> drain();
  /// Why it cannot work right now, or nullopt.
  std::optional<std::string> not_ready() const;

 private:
  struct Parts;

  awaitable<void> connect();
  awaitable<void> watch_database();
  void run_on_bus();

  asio::io_context& io_;
  Settings settings_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace r8r::worker
