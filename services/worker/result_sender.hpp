#pragma once
#include <cstdint>
#include <map>

#include "common/bus/messages.hpp"
#include "services/worker/ports.hpp"

namespace r8r::worker {

/// Drops logs and details of errors that one message cannot carry besides the payloads, whose large ones were taken out
/// before (take_out_large).
void fit_into_message(bus::TaskResult& result);

/// Results of pure segments on their way to the schedulers that asked for them: all of one loop turn for one scheduler
/// go in one message.
class ResultSender {
 public:
  explicit ResultSender(BusPort& bus) : bus_(bus) {}

  void add(bus::TaskResult result);
  /// Publishes what was added. False when the bus did not take all that was added since the last flush.
  bool flush();

 private:
  void publish(std::int64_t epoch, bus::Batch<bus::TaskResult>& batch);

  BusPort& bus_;
  std::map<std::int64_t, bus::Batch<bus::TaskResult>> batches_;
  bool all_taken_ = true;
};

}  // namespace r8r::worker
