#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

/// The process's metrics registry (prometheus-cpp). All names begin with r8r_; label sets are bounded: workflow names
/// are capped (see workflow_label), never ids or raw paths. Handles are cheap to keep and thread-safe; look them up
/// once, not per event.
namespace r8r::metrics {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  void add(double amount = 1);

 private:
  friend Counter counter(const std::string&, const std::string&, const Labels&);
  prometheus::Counter* impl_ = nullptr;
};

class Gauge {
 public:
  void set(double value);
  void add(double amount);

 private:
  friend Gauge gauge(const std::string&, const std::string&, const Labels&);
  prometheus::Gauge* impl_ = nullptr;
};

class Histogram {
 public:
  void observe(double value);

 private:
  friend Histogram histogram(const std::string&, const std::string&, const Labels&, const std::vector<double>&);
  prometheus::Histogram* impl_ = nullptr;
};

Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
/// Without buckets: the usual ones for seconds, 0.001 to 1800.
Histogram histogram(const std::string& name, const std::string& help, const Labels& labels = {},
                    const std::vector<double>& buckets = {});

/// `workflow` for the first 200 names seen, "other" afterwards.
const std::string& workflow_label(const std::string& workflow);

/// The whole registry and the process_* figures in the Prometheus text format 0.0.4.
std::string render();

}  // namespace r8r::metrics
