#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "common/base/async.hpp"
#include "common/bus/connection.hpp"
#include "common/bus/messages.hpp"
#include "services/scheduler/ports.hpp"

namespace r8r::scheduler {

/// The scheduler's end of the work queue. Pure segments of one loop turn share messages; an effect goes alone, under a
/// message id made of its token, so that publishing it again (an unknown outcome, a new owner) cannot queue it twice.
class TaskQueue : public TaskOutlet {
 public:
  TaskQueue(asio::io_context& io, bus::Connection& bus);

  /// Makes the stream and the default consumer, keeps doing so after reconnects, notices when the server lost them.
  void start();
  void stop() { tasks_.cancel(); }

  void send_pure(const bus::Task& task, const std::string& pool) override;
  void send_effect(const bus::Task& task, const std::string& pool) override;

  /// The stream exists and the connection stands.
  bool ready() const override { return ready_; }
  /// When the server made the stream: changes when it lost all tasks. Zero: not known yet.
  std::int64_t generation() const override { return generation_; }
  /// Whether nothing is queued and nothing is out for a pool, as of the last second; asks the server in the background.
  bool known_empty(const std::string& pool) override;

 private:
  struct PoolState {
    bus::Batch<bus::Task> batch;
    bool empty = false;
    SteadyClock::time_point asked{};
    bool asking = false;
  };

  void flush();
  awaitable<void> keep_stream();
  awaitable<void> publish(std::string subject, std::string message, std::string message_id);
  awaitable<void> ask_depth(std::string pool);
  PoolState& pool(const std::string& name) { return pools_[name]; }

  asio::io_context& io_;
  bus::Connection& bus_;
  Notifier changed_;
  bool ready_ = false;
  bool flush_scheduled_ = false;
  std::int64_t generation_ = 0;
  std::map<std::string, PoolState> pools_;
  std::shared_ptr<bool> alive_;
  TaskGroup tasks_;
};

}  // namespace r8r::scheduler
