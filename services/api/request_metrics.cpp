#include "services/api/request_metrics.hpp"

namespace r8r::api {
namespace {

// What clients send as a method is theirs; the label is not.
std::string_view known_method(std::string_view method) {
  for (const std::string_view known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (method == known) return known;
  }
  return "other";
}

}  // namespace

void RequestMetrics::record(std::string_view method, std::string_view route, int status,
                            std::chrono::microseconds took) {
  method = known_method(method);
  if (route.empty()) route = "unmatched";
  auto found = series_.find(KeyView(method, route, status));
  if (found == series_.end()) {
    const metrics::Labels labels = {{"method", std::string(method)}, {"route", std::string(route)}};
    metrics::Labels with_status = labels;
    with_status.emplace("status", std::to_string(status));
    Series series{metrics::counter("r8r_api_requests_total", "Requests answered", with_status),
                  metrics::histogram("r8r_api_request_duration_seconds", "Time from request to answer", labels)};
    found = series_.emplace(Key(std::string(method), std::string(route), status), series).first;
  }
  found->second.requests.add();
  found->second.duration.observe(static_cast<double>(took.count()) / 1e6);
}

}  // namespace r8r::api
