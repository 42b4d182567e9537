#pragma once
#include <chrono>
#include <string>

namespace r8r::worker {

/// The worker's figures. Handles are looked up once per set of labels; all calls on the service's one thread.
struct WorkerMetrics {
  /// Makes the figures without labels known, so that they are there as zero.
  static void register_all();
  /// `status`: success, failed, timeout.
  static void node_executed(const std::string& node_type, const char* status, std::chrono::microseconds duration);
  /// `status`: the number, or "error", "timeout" when there was none.
  static void http_request(const std::string& method, const std::string& status, std::chrono::milliseconds duration);
  static void task_redelivered();
  /// Effect tasks that have begun and are not answered yet.
  static void tasks_running(std::size_t count);
};

}  // namespace r8r::worker
