#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/store/children.hpp"
#include "common/store/executions.hpp"
#include "common/store/leases.hpp"
#include "common/store/progress_queue.hpp"
#include "common/workflow/workflow.hpp"
#include "tests/simulation/cluster/bugs.hpp"
#include "tests/simulation/cluster/events.hpp"

namespace r8r::sim {

/// PostgreSQL as far as the scheduler uses it: each function is one transaction, which happens now. What the statements
/// of common/store say is said here once more, in memory.
class Database {
 public:
  Database(Events& events, const Bugs& bugs, int partitions);

  /// Not there: whoever asks hears service_unavailable.
  bool up = true;
  /// In a thousand: what was asked is carried out, and the connection breaks before the answer.
  int answers_lost = 0;

  // The api.
  void define(const std::string& name, const Uuid& id, std::shared_ptr<const workflow::Workflow> workflow);
  /// Of the workflow with this name, which there is.
  const Uuid& named(const std::string& name) const { return names_.at(name); }
  const workflow::Workflow& workflow(const Uuid& id) const { return *workflows_.at(id); }
  void accept(store::LiveExecution execution);

  // store::ProgressQueue. Errors: fenced. `stood`: the incarnation was not fenced when the transaction began.
  Result<store::ProgressOutcome> write(std::int64_t incarnation, const store::ExecutionProgress& progress, bool stood);
  bool fenced(std::int64_t incarnation) const;

  // store::Executions.
  std::optional<store::ExecutionRow> find(const Uuid& id) const;
  std::vector<store::LiveExecution> load_live(const std::vector<Uuid>& ids) const;
  std::vector<std::pair<Uuid, int>> live_ids(const std::vector<int>& partitions, Timestamp before, const Uuid& after,
                                             int limit) const;
  std::vector<store::DueTimer> timers_before(const std::vector<int>& partitions, Timestamp before,
                                             store::TimerPosition after, int limit) const;
  std::vector<std::string> whole_journal(const Uuid& id, int run) const;
  bool begin_again(const Uuid& id, int partition);
  std::vector<store::LimitedRun> limited_runs(const std::vector<int>& partitions) const;
  std::vector<Timestamp> starts_since(const Uuid& workflow_id, const std::string& key, Timestamp since,
                                      int limit) const;

  // store::Children.
  std::vector<store::ChildEnding> ended_children(const std::vector<Uuid>& ids) const;
  std::vector<std::pair<Uuid, int>> living(const std::vector<Uuid>& ids) const;
  std::vector<Uuid> abandoned(const std::vector<Uuid>& ids) const;
  std::vector<std::pair<Uuid, int>> overlooked(const std::vector<int>& partitions, int limit) const;

  // store::Approvals.
  struct Question {
    Uuid execution;
    int partition = 0;
    std::string status = "pending";
  };
  const std::map<Uuid, Question>& questions() const { return questions_; }

  // store::Leases.
  std::int64_t begin_incarnation(std::chrono::milliseconds lease);
  bool renew(std::int64_t incarnation, std::chrono::milliseconds lease);
  std::vector<store::Peer> peers() const;
  std::vector<store::PartitionOwner> partitions() const;
  bool fence(std::int64_t expired);
  std::vector<int> claim(std::int64_t incarnation, int max);
  void release(std::int64_t incarnation, const std::vector<int>& partitions);
  void end_incarnation(std::int64_t incarnation);

  // For who checks.
  struct Ended {
    store::ExecutionRow row;
    int partition = 0;
  };
  struct Entry {
    std::optional<store::LiveExecution> live;
    std::vector<Ended> ended;                           ///< by run
    std::map<int, std::map<int, std::string>> journal;  ///< run → seq → entries
    std::map<std::string, store::DueTimer> timers;      ///< by node
  };
  const Entry* entry(const Uuid& id) const;
  const std::unordered_map<Uuid, Entry>& all() const { return executions_; }
  std::size_t live_count() const;
  /// Whether the journal of the run that lives, or lived last, says that this dispatch was started.
  bool started(const Uuid& id, std::int64_t dispatch_id) const;
  /// Dispatch and attempt of the last start of a node that the journal knows; zero: none.
  std::pair<std::int64_t, int> last_started(const Uuid& id, const std::string& node) const;
  /// What no statement should ever have done; empty: nothing.
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  struct Scheduler {
    Duration lease_until{0};
    bool fenced = false;
  };

  void end(Entry& entry, const store::ExecutionProgress& progress);
  void ask_and_decide(const store::ExecutionProgress& progress);
  bool counts_above(store::LiveExecution above, const Uuid& workflow_id) const;
  void check_limit(const store::LiveExecution& starting);
  void begin_child(const store::LiveExecution& parent, const store::NewChild& child);

  Events& events_;
  const Bugs& bugs_;
  std::unordered_map<Uuid, Entry> executions_;
  std::vector<std::set<Uuid>> live_;        // by partition
  std::unordered_map<Uuid, Uuid> awaited_;  // child → who waits for it
  std::map<Uuid, Question> questions_;
  std::map<std::string, Uuid> names_;
  std::map<Uuid, std::shared_ptr<const workflow::Workflow>> workflows_;
  std::vector<std::optional<std::int64_t>> owners_;
  std::map<std::int64_t, Scheduler> schedulers_;
  std::vector<std::string> broken_;
};

}  // namespace r8r::sim
