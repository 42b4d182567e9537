#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/async.hpp"
#include "services/worker/ports.hpp"

namespace r8r::worker {

/// The worker's end of the bus: the task queue of each of its pools, and the way back for results. Sees to it that
/// stream and consumers exist; they live in the server's memory, so a server that was restarted has lost them.
class Puller : public TaskQueue, public BusPort {
 public:
  using Handler = std::function<void(std::vector<bus::QueueMessage>)>;

  Puller(asio::io_context& io, bus::Connection& connection, std::vector<std::string> pools);
  ~Puller() override;

  /// From now on messages go to `handler`, as far as there is room.
  void start(Handler handler);
  /// Makes stream and consumers, again after each reconnect, until cancelled.
  awaitable<void> keep_queue();
  /// Whether the last attempt to make them succeeded, and the bus is connected since.
  bool ready() const { return ready_; }
  const std::string& problem() const { return problem_; }

  void set_room(std::size_t messages) override;
  void ack(const bus::QueueMessage& message) override;
  void nak(const bus::QueueMessage& message) override;
  void in_progress(const bus::QueueMessage& message) override;
  bool publish(const std::string& subject, const std::string& data) override;
  awaitable<Result<void>> request(std::string subject, std::string data, std::chrono::milliseconds timeout) override;

 private:
  awaitable<Result<void>> make_queue();

  bus::Connection& connection_;
  std::vector<std::string> pools_;
  std::vector<std::unique_ptr<bus::PullConsumer>> consumers_;
  std::shared_ptr<Notifier> changed_;
  std::uint64_t seen_reconnects_ = 0;
  bool ready_ = false;
  std::string problem_ = "not connected yet";
};

}  // namespace r8r::worker
