#include "common/base/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <mutex>
#include <unordered_set>

namespace r8r::metrics {
namespace {

prometheus::Registry& registry() {
  // Merge: the same name asked for twice is the same family.
  static prometheus::Registry instance(prometheus::Registry::InsertBehavior::Merge);
  return instance;
}

const std::vector<double>& default_buckets() {
  static const std::vector<double> buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                              1,     2.5,    5,     10,   30,    60,   300, 1800};
  return buckets;
}

void update_process_figures() {
  static Gauge memory = gauge("process_resident_memory_bytes", "Resident memory of this process");
  static Gauge cpu = gauge("process_cpu_seconds_total", "User and system time of this process");
  std::ifstream statm("/proc/self/statm");
  long total = 0;
  long resident = 0;
  if (statm >> total >> resident)
    memory.set(static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    cpu.set(seconds(usage.ru_utime) + seconds(usage.ru_stime));
  }
}

}  // namespace

void Counter::add(double amount) {
  impl_->Increment(amount);
}
void Gauge::set(double value) {
  impl_->Set(value);
}
void Gauge::add(double amount) {
  impl_->Increment(amount);
}
void Histogram::observe(double value) {
  impl_->Observe(value);
}

Counter counter(const std::string& name, const std::string& help, const Labels& labels) {
  Counter handle;
  handle.impl_ = &prometheus::BuildCounter().Name(name).Help(help).Register(registry()).Add(labels);
  return handle;
}

Gauge gauge(const std::string& name, const std::string& help, const Labels& labels) {
  Gauge handle;
  handle.impl_ = &prometheus::BuildGauge().Name(name).Help(help).Register(registry()).Add(labels);
  return handle;
}

Histogram histogram(const std::string& name, const std::string& help, const Labels& labels,
                    const std::vector<double>& buckets) {
  Histogram handle;
  handle.impl_ = &prometheus::BuildHistogram()
                      .Name(name)
                      .Help(help)
                      .Register(registry())
                      .Add(labels, buckets.empty() ? default_buckets() : buckets);
  return handle;
}

const std::string& workflow_label(const std::string& workflow) {
  static std::mutex mutex;
  static std::unordered_set<std::string> seen;
  static const std::string other = "other";
  const std::lock_guard lock(mutex);
  if (const auto found = seen.find(workflow); found != seen.end()) return *found;
  if (seen.size() >= 200) return other;
  return *seen.insert(workflow).first;
}

std::string render() {
  update_process_figures();
  return prometheus::TextSerializer().Serialize(registry().Collect());
}

}  // namespace r8r::metrics
