#include "services/worker/worker_metrics.hpp"

#include <unordered_map>

#include "common/base/metrics.hpp"

namespace r8r::worker {
namespace {

double seconds_of(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

struct NodeFigures {
  explicit NodeFigures(const std::string& type)
      : success(counter(type, "success")),
        failed(counter(type, "failed")),
        timeout(counter(type, "timeout")),
        duration(metrics::histogram("r8r_node_duration_seconds", "Time that one attempt of a node took",
                                    {{"node_type", type}})) {}

  static metrics::Counter counter(const std::string& type, const char* status) {
    return metrics::counter("r8r_nodes_executed_total", "Attempts of nodes that this worker ran",
                            {{"node_type", type}, {"status", status}});
  }

  metrics::Counter success;
  metrics::Counter failed;
  metrics::Counter timeout;
  metrics::Histogram duration;
};

}  // namespace

void WorkerMetrics::node_executed(const std::string& node_type, const char* status,
                                  std::chrono::microseconds duration) {
  static std::unordered_map<std::string, NodeFigures> figures;
  auto found = figures.find(node_type);
  if (found == figures.end()) found = figures.emplace(node_type, NodeFigures(node_type)).first;
  NodeFigures& of_type = found->second;
  (status[0] == 's' ? of_type.success : status[0] == 't' ? of_type.timeout : of_type.failed).add();
  of_type.duration.observe(seconds_of(duration));
}

void WorkerMetrics::http_request(const std::string& method, const std::string& status,
                                 std::chrono::milliseconds duration) {
  // A server may send any three digits; what no standard knows is one label.
  const bool known = status.size() != 3 || (status[0] >= '1' && status[0] <= '5');
  metrics::counter("r8r_http_requests_total", "Requests of http nodes",
                   {{"method", method}, {"status", known ? status : "other"}})
      .add();
  metrics::histogram("r8r_http_request_duration_seconds",
                     "Time from the start of a request of an http node to the end of its answer", {{"method", method}})
      .observe(seconds_of(duration));
}

namespace {

metrics::Counter& redeliveries() {
  static metrics::Counter counter = metrics::counter(
      "r8r_task_redeliveries_total", "Task messages that came to this worker after another delivery failed");
  return counter;
}

metrics::Gauge& running() {
  static metrics::Gauge gauge = metrics::gauge("r8r_worker_tasks_running", "Effect tasks begun and not answered yet");
  return gauge;
}

}  // namespace

void WorkerMetrics::register_all() {
  redeliveries().add(0);
  running().set(0);
}

void WorkerMetrics::task_redelivered() {
  redeliveries().add();
}

void WorkerMetrics::tasks_running(std::size_t count) {
  running().set(static_cast<double>(count));
}

}  // namespace r8r::worker
