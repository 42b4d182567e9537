#pragma once
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/base/async.hpp"
#include "common/base/metrics.hpp"
#include "common/bus/connection.hpp"
#include "common/catalog/catalog.hpp"
#include "common/expr/value.hpp"
#include "common/store/schedules.hpp"
#include "common/store/workflows.hpp"
#include "services/scheduler/cron_plan.hpp"

namespace r8r::scheduler {

/// Fires the cron triggers of the workflows in one incarnation's partitions. That there is one owner keeps the others
/// from doing the same work; that a time fires once is the work of its key in the database.
class CronTriggers {
 public:
  struct Parts {
    asio::io_context& io;
    bus::Connection& bus;
    store::Pool& pool;
    Catalog& catalog;
    std::int64_t incarnation;
    int partitions;
    expr::Value env;     ///< what expressions see
    Timestamp up_since;  ///< when the process began
    std::function<bool(int)> owns;
    std::function<bool()> may_act;
  };

  explicit CronTriggers(Parts parts);

  /// Until cancelled.
  awaitable<void> run();
  /// Other partitions are ours now.
  void partitions_changed();

 private:
  struct ToFire {
    CronPlan::Due due;
    store::Firing firing;
  };

  bool is_ours(const Uuid& workflow) const;
  awaitable<void> look();
  awaitable<bool> reconcile(std::optional<std::vector<Uuid>> ids);
  awaitable<bool> load(store::WorkflowRow row);
  awaitable<void> fire(CronPlan::Decision decision);
  awaitable<void> record(std::vector<ToFire> batch);
  awaitable<Result<store::Firing>> firing_of(const CronPlan::Due& due);
  void settle(const CronPlan::Due& due, bool recorded);
  void recorded(const ToFire& fired);
  void publish(const store::Firing& firing);
  void note_missed(const CronPlan::Missed& missed);

  Parts parts_;
  store::Workflows workflows_;
  store::Schedules schedules_;
  CronPlan plan_;
  std::unordered_map<Uuid, std::string> names_;  ///< of the workflows in the plan
  std::unordered_map<Uuid, int> unusable_;       ///< versions that do not load or have no cron trigger
  std::unordered_set<Uuid> changed_;
  bool look_at_all_ = true;
  SteadyClock::time_point last_look_{};
  Notifier wake_;
  bus::Subscription changes_;

  metrics::Counter fired_;
  metrics::Counter failed_;
  metrics::Counter known_;
  metrics::Counter missed_;
  metrics::Counter accepted_;
  metrics::Histogram lag_;
  metrics::Gauge triggers_;
};

}  // namespace r8r::scheduler
