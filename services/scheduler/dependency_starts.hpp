#pragma once
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/base/async.hpp"
#include "common/base/metrics.hpp"
#include "common/bus/connection.hpp"
#include "common/catalog/catalog.hpp"
#include "common/store/dependencies.hpp"
#include "services/scheduler/dependency_plan.hpp"

namespace r8r::scheduler {

/// Starts workflows when those that they depend on have ended. An ending in the database is used once, whoever asks for
/// it; that each partition has one owner only saves work.
class DependencyStarts {
 public:
  struct Parts {
    asio::io_context& io;
    bus::Connection& bus;
    store::Pool& pool;
    Catalog& catalog;
    std::int64_t incarnation;
    int partitions;  ///< how many the database has
    std::function<std::vector<int>()> owned;
    std::function<bool()> may_act;
  };

  explicit DependencyStarts(Parts parts);

  /// Until cancelled.
  awaitable<void> run();
  /// Other partitions are ours now.
  void partitions_changed();

 private:
  /// What waits with nothing more to be done until another ending comes.
  struct Seen {
    std::int64_t last = 0;
    std::int64_t count = 0;
    bool operator==(const Seen&) const = default;
  };
  struct Batch {
    std::vector<store::DependencyStart> starts;
    std::vector<Timestamp> ended_at;  ///< of the last ending of each
    std::vector<std::int64_t> dropped;
    std::size_t bytes = 0;
  };
  enum class Progress { done, more, not_now };

  awaitable<bool> look();
  awaitable<bool> play(const store::WaitingWorkflow& waiting, Seen& seen);
  awaitable<Progress> play_page(const store::WaitingWorkflow& waiting, const workflow::Workflow* workflow, Seen& seen);
  awaitable<bool> add(const store::WaitingWorkflow& waiting, const workflow::Workflow& workflow,
                      const DependencyPlan::Start& start, Batch& batch);
  void refuse(const store::WaitingWorkflow& waiting, const DependencyPlan::Start& start, const std::string& why,
              Batch& batch);
  awaitable<bool> carry_out(Batch& batch);

  Parts parts_;
  store::Dependencies dependencies_;
  bool look_again_ = true;
  std::unordered_map<Uuid, Seen> seen_;
  Notifier wake_;
  bus::Subscription notices_;
  metrics::Counter accepted_;
  metrics::Counter refused_;
  metrics::Counter not_enabled_;
  metrics::Histogram lag_;
};

}  // namespace r8r::scheduler
