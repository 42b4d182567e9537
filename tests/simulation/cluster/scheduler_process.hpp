#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "services/scheduler/incarnation.hpp"
#include "tests/simulation/cluster/database.hpp"
#include "tests/simulation/cluster/network.hpp"
#include "tests/simulation/cluster/work_queue.hpp"

namespace r8r::sim {

/// Workflows by id; all of version 1.
using Workflows = std::map<Uuid, std::shared_ptr<const workflow::Workflow>>;

/// One life of a scheduler: the real incarnation, and behind its ports the modelled world. It ends when it is
/// destroyed, which is how it is killed, or when its incarnation is over.
class SchedulerProcess : public Process,
                         scheduler::Clock,
                         scheduler::Postbox,
                         scheduler::TaskOutlet,
                         scheduler::ProgressWriter,
                         scheduler::ExecutionStore,
                         scheduler::ChildBook,
                         scheduler::LeaseBook,
                         scheduler::WorkflowCatalog,
                         scheduler::DependentsBook {
 public:
  struct World {
    Events& events;
    Database& database;
    Network& network;
    WorkQueue& queue;
    const Workflows& workflows;
    const Bugs& bugs;
    int partitions;
  };
  /// How its clocks differ from the world's.
  struct Clocks {
    Duration wall_ahead{0};
    double rate = 1.0;
  };

  SchedulerProcess(const World& world, Clocks clocks);
  ~SchedulerProcess() override;

  /// Hands everything over, then is over.
  void stop() { incarnation_->stop(); }
  bool over() const { return over_; }
  /// It stops for so long in the middle of its next commit: begun, and not sent.
  void freeze_at_commit(Duration how_long) { freeze_ = how_long; }
  void jump_clock(Duration by) { clocks_.wall_ahead += by; }
  std::size_t active() const { return incarnation_->active(); }
  std::size_t partitions_held() const { return incarnation_->partitions_held(); }

  static constexpr std::chrono::milliseconds kLease{10'000};

 private:
  struct Commit {
    store::ExecutionProgress progress;
    store::ProgressQueue::Callback callback;
    Result<store::ProgressOutcome> outcome = store::ProgressOutcome::committed;
  };
  using Batch = std::shared_ptr<std::vector<Commit>>;

  void turn() override;
  Duration own(SteadyClock::duration duration) const;
  /// Suspends until `wake` is called in this process. False when cancelled.
  awaitable<bool> suspended(std::shared_ptr<asio::steady_timer> timer, std::shared_ptr<bool> woken);
  template <class Query>
  awaitable<std::invoke_result_t<Query, Database&>> ask(Query query);
  Duration travel();
  void pump();
  void send(const Batch& batch, bool stood);
  void settle(const Batch& batch);

  // scheduler::Clock
  Timestamp wall_now() const override;
  SteadyClock::time_point steady_now() const override;
  awaitable<bool> sleep_for(SteadyClock::duration duration) override;
  awaitable<bool> wait_for(Notifier& notifier, SteadyClock::duration limit) override;
  std::unique_ptr<scheduler::Alarm> make_alarm(std::function<void()> callback) override;
  // scheduler::Postbox
  bool publish(std::string_view subject, std::string_view data) override;
  Result<bus::Subscription> subscribe(const std::string& subject, bus::Connection::Handler handler) override;
  std::uint64_t reconnects() const override { return world_.network.outages; }
  // scheduler::TaskOutlet
  void send_pure(const bus::Task& task, const std::string& pool) override;
  void send_effect(const bus::Task& task, const std::string& pool) override;
  bool ready() const override { return world_.network.up; }
  std::int64_t generation() const override { return world_.queue.generation(); }
  bool known_empty(const std::string& pool) override;
  // scheduler::ProgressWriter
  void commit(store::ExecutionProgress progress, store::ProgressQueue::Callback callback) override;
  awaitable<bool> drain(std::chrono::milliseconds limit) override;
  // scheduler::ExecutionStore
  awaitable<Result<std::optional<store::ExecutionRow>>> find(Uuid id) override;
  awaitable<Result<std::vector<store::LiveExecution>>> load_live(std::vector<Uuid> ids) override;
  awaitable<Result<std::vector<std::pair<Uuid, int>>>> live_ids(std::vector<int> partitions, Timestamp before,
                                                                Uuid after, int limit) override;
  awaitable<Result<std::vector<store::DueTimer>>> timers_before(std::vector<int> partitions, Timestamp before,
                                                                store::TimerPosition after, int limit) override;
  awaitable<Result<std::vector<std::string>>> whole_journal(Uuid id, int run) override;
  awaitable<Result<bool>> begin_again(Uuid id, int partition) override;
  awaitable<Result<std::vector<store::LimitedRun>>> limited_runs(std::vector<int> partitions) override;
  awaitable<Result<std::vector<Timestamp>>> starts_since(Uuid workflow_id, std::string key, Timestamp since,
                                                         int limit) override;
  // scheduler::ChildBook
  awaitable<Result<std::vector<store::ChildEnding>>> ended(std::vector<Uuid> ids) override;
  awaitable<Result<std::vector<std::pair<Uuid, int>>>> living(std::vector<Uuid> ids) override;
  awaitable<Result<std::vector<Uuid>>> abandoned(std::vector<Uuid> ids) override;
  awaitable<Result<std::vector<std::pair<Uuid, int>>>> overlooked(std::vector<int> partitions, int limit) override;
  // scheduler::LeaseBook
  awaitable<Result<bool>> renew(std::int64_t incarnation, std::chrono::milliseconds lease) override;
  awaitable<Result<std::vector<store::Peer>>> peers() override;
  awaitable<Result<std::vector<store::PartitionOwner>>> partitions() override;
  awaitable<Result<bool>> fence(std::int64_t expired) override;
  awaitable<Result<std::vector<int>>> claim(std::int64_t incarnation, int max) override;
  awaitable<Result<void>> release(std::int64_t incarnation, std::vector<int> partitions) override;
  awaitable<Result<void>> end_incarnation(std::int64_t incarnation) override;
  // scheduler::WorkflowCatalog
  Catalog::Entry find(WorkflowVersion key) override;
  awaitable<Result<Catalog::Entry>> get(WorkflowVersion key) override;
  // scheduler::DependentsBook: no workflow of the simulation depends on another.
  bool has_dependents(const std::string&) const override { return false; }

  World world_;
  Clocks clocks_;
  std::int64_t id_ = 0;
  asio::io_context io_;
  std::deque<Commit> commits_;
  std::size_t pending_ = 0;
  bool writing_ = false;
  Duration freeze_{0};
  bool empty_ = false;  // what is known of the queue
  Duration asked_empty_{-10'000'000};
  bool over_ = false;
  std::unique_ptr<scheduler::Incarnation> incarnation_;
};

}  // namespace r8r::sim
