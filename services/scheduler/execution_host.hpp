#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/base/async.hpp"
#include "common/base/metrics.hpp"
#include "common/bus/messages.hpp"
#include "services/scheduler/active_execution.hpp"
#include "services/scheduler/outbox.hpp"
#include "services/scheduler/ports.hpp"
#include "services/scheduler/start_gate.hpp"
#include "services/scheduler/timer_heap.hpp"

namespace r8r::scheduler {

/// Carries out what the engine decides for the executions of one incarnation: commits, dispatches, timers, events,
/// completions. Holds only what the database also holds; an execution can be forgotten at any moment and be loaded
/// again.
class ExecutionHost {
 public:
  /// `partitions`: how many the database has. `on_fenced` is called once, when the database says that this incarnation
  /// may not write any more.
  ExecutionHost(const Ports& ports, std::int64_t incarnation, int partitions, std::function<void()> on_fenced);
  ~ExecutionHost();

  /// What the output of a node may weigh, of executions that begin from now on.
  void set_max_output_bytes(std::size_t bytes) { max_output_bytes_ = bytes; }

  /// A partition is ours: requests for it wait until finish_taking().
  void begin_taking(int partition);
  /// Those of the partitions being taken that have started and that limits count. Errors: those of the database.
  awaitable<Result<void>> learn_limited(std::vector<int> partitions);
  /// Everything live of the partition has been loaded.
  void finish_taking(int partition);
  /// Commits what executions of a partition have not recorded so far (those without checkpoints).
  void record_all(int partition);
  /// Stops working on a partition; when it has no commits any more the row may be given away.
  void drop(int partition);
  /// When everything has been dropped: returns when nothing of it runs any more.
  awaitable<void> close() { return tasks_.close(); }
  /// Whether commits of a dropped partition are still under way.
  bool has_commits(int partition) const;
  bool owns(int partition) const { return partitions_.contains(partition); }

  void on_request(bus::ExecRequest request);
  /// `reply`: where the worker waits for the word that the result is recorded; empty for pure segments.
  void on_result(bus::TaskResult result, const std::string& reply);
  void on_progress(const bus::Progress& progress);
  /// Cancel, pause, resume, why. `reply` hears a ControlReply after the commit; nothing is said while nobody can know:
  /// whoever asked asks again.
  void on_control(bus::ControlRequest request, std::string reply);
  /// The database has news of an execution.
  void on_notice(const bus::ExecutionNotice& notice);

  /// Takes over an execution from the database, unless it is here already, or has been here since: `read_since` is from
  /// before it was read.
  awaitable<void> adopt(store::LiveExecution live, SteadyClock::time_point read_since);
  /// Whether the sweep need not load it: it is in memory, being loaded, or set aside until its timer.
  bool knows(const Uuid& id) const;
  /// Wait until limits of their workflows let them start.
  std::size_t held() const { return held_.size(); }
  bool has_capacity() const { return active_.size() < kMaxActive; }
  /// Ids of set-aside executions whose timers are near come back through adopt().
  void unpark(const Uuid& id) { parked_.erase(id); }
  bool parked(const Uuid& id) const { return parked_.contains(id); }

  /// Sends again what has been out for too long without a word. Called every second.
  void watch();
  std::size_t active() const { return active_.size(); }
  /// It is ours, and not everything in it has been looked at yet.
  bool taking(int partition) const;

 private:
  static constexpr std::size_t kMaxActive = 20'000;
  static constexpr std::size_t kMaxDeferred = 20'000;
  static constexpr std::size_t kMaxHeld = 100'000;
  /// Older requests are believed only after a look at the row.
  static constexpr std::chrono::seconds kRequestAge{60};
  /// So long one remembers what was set aside: what was read or asked for before that must not bring it back as it was.
  static constexpr std::chrono::seconds kParkedRemembered{150};
  /// How long an execution that waits for others stays in memory.
  static constexpr std::chrono::seconds kPatienceWithChildren{60};
  /// How long one stays for whose answer somebody waits. Then that one hears of the end some seconds late, and not of a
  /// pause.
  static constexpr std::chrono::minutes kPatienceOfClients{5};

  struct Held {
    int partition = 0;
    std::string reply_to;
  };
  struct Parked {
    int partition = 0;
    SteadyClock::time_point at;  ///< when it was set aside
  };
  struct PartitionState {
    bool taking = true;
    SteadyClock::time_point since{};  ///< when we began to take it
    StartGate gate;
    std::unordered_map<Uuid, bus::ExecRequest> deferred;
  };

  awaitable<void> start(bus::ExecRequest request);
  void begin(bus::ExecRequest&& request, std::shared_ptr<const workflow::Workflow> workflow);
  awaitable<void> refuse(bus::ExecRequest request, Error reason, int run = 1,
                         std::optional<Timestamp> started_at = std::nullopt);
  void carry_out(ActiveExecution& execution, engine::Decision&& decision);
  void commit(ActiveExecution& execution, engine::Decision&& decision);
  static bool may_hold_back(const ActiveExecution& execution, const engine::Decision& decision);
  void hold_back(ActiveExecution& execution, engine::Decision& decision);
  void committed(const Uuid& id, std::uint64_t life, Result<store::ProgressOutcome> outcome,
                 engine::Decision&& decision);
  void end(ActiveExecution& execution, const engine::End& how);
  void stop(const Uuid& id, const std::vector<std::int64_t>& dispatches);
  void dispatch(ActiveExecution& execution, const engine::Dispatch& segment);
  void arm_timers(ActiveExecution& execution);
  /// What is done with one that is in memory now, instead of starting it or going on with it.
  using Instead = std::function<void(ActiveExecution&)>;
  awaitable<bool> take_over(store::LiveExecution live, SteadyClock::time_point read_since, Instead instead = {});
  awaitable<void> control(bus::ControlRequest request, std::string reply);
  awaitable<void> control_ended(bus::ControlRequest request, std::string reply,
                                Result<std::optional<store::ExecutionRow>> row);
  void apply_control(ActiveExecution& execution, const bus::ControlRequest& request, std::string reply);
  void say_why(const ActiveExecution& execution, const std::string& reply);
  static Result<engine::Decision> decide(ActiveExecution& execution, const bus::ControlRequest& request, Timestamp now);
  void refuse_control(const bus::ControlRequest& request, const std::string& reply, const Error& why,
                      std::string_view status);
  void start_error_workflow(const ActiveExecution& execution, const engine::End& how, Timestamp at,
                            store::ExecutionProgress& progress) const;
  static std::vector<bus::ExecutionNotice> news_of(const ActiveExecution& execution,
                                                   const store::ExecutionProgress& progress);
  void send_news(const std::vector<bus::ExecutionNotice>& news);
  awaitable<void> look(Uuid id, std::string reply_to);
  void add_children(ActiveExecution& execution, engine::Decision& decision, store::ExecutionProgress& progress) const;
  // limits.cpp
  awaitable<void> hold(store::LiveExecution live, std::string reply_to);
  awaitable<bool> end_unwanted(store::LiveExecution live, SteadyClock::time_point read_since);
  void open_gate(int partition);
  awaitable<void> start_admitted(Uuid id, int partition, Timestamp admitted);
  awaitable<void> learn_starts(int partition, StartGate::Question question);
  void leave_gate(const Uuid& id, int partition);
  static bool must_wait(const store::LiveExecution& live);
  static void add_approvals(ActiveExecution& execution, engine::Decision& decision, store::ExecutionProgress& progress);
  static void keep_deadline(ActiveExecution& execution, store::ExecutionProgress& progress);
  void look_at_family(const ActiveExecution& execution);
  awaitable<void> take_ends(Uuid id, std::vector<Uuid> children);
  awaitable<void> end_if_abandoned(Uuid id);
  void cancel_unwanted(ActiveExecution& child);
  awaitable<void> tell_abandoned(std::vector<Uuid> children);
  void publish_events(const ActiveExecution& execution, const std::vector<engine::Event>& events);
  void send_answers(ActiveExecution& execution);
  void tell_of_standstill(ActiveExecution& execution);
  void count_results(const ActiveExecution& execution, const engine::Decision& decision);
  void on_timer(const Uuid& id, engine::Unit unit);
  void count_stuck();
  void maybe_park(const Uuid& id);
  void record_parked(ActiveExecution& execution);
  void forget_long_parked();
  void forget(const Uuid& id);
  ActiveExecution* find(const Uuid& id);
  Clock& clock() const { return ports_.clock; }

  Ports ports_;
  std::int64_t incarnation_;
  int partition_count_;
  std::function<void()> on_fenced_;
  engine::DispatchIds dispatch_ids_;
  std::string worker_reply_ = "ok";
  Outbox<bus::Completion> completions_;
  Outbox<bus::Event> events_;
  Outbox<bus::ExecutionNotice> notices_;
  TimerHeap timers_;
  std::map<int, PartitionState> partitions_;
  std::unordered_map<Uuid, std::unique_ptr<ActiveExecution>> active_;
  std::unordered_map<Uuid, std::string> loading_;  // → reply_to of a request that came meanwhile
  std::unordered_map<Uuid, Parked> parked_;        // lately
  std::deque<std::pair<SteadyClock::time_point, Uuid>> parked_lately_;
  std::unordered_map<Uuid, Held> held_;  // wait until limits let them start
  std::map<int, int> commits_by_partition_;
  std::size_t max_output_bytes_ = payload::kDefaultMaxOutputBytes;
  std::uint64_t lives_ = 0;
  bool fenced_ = false;
  std::shared_ptr<bool> alive_;
  TaskGroup tasks_;

  metrics::Gauge active_gauge_;
  metrics::Gauge waiting_for_nothing_;
  metrics::Counter superseded_;
  metrics::Counter redispatched_;
};

}  // namespace r8r::scheduler
