#pragma once
#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/store/commit_core.hpp"
#include "common/store/progress_queue.hpp"

namespace r8r::store {

struct ProgressItem : CommitItem {
  void settle(const Error* error) override;

  ExecutionProgress progress;
  ProgressOutcome outcome = ProgressOutcome::committed;
  ProgressQueue::Callback callback;
};

/// One transaction of a progress queue: the statements for its items, one multi-row statement per kind of change, and
/// what their results mean for each item.
///
/// Several items of one execution may stand in a batch, in order. The kinds run as journal → status → parked → timers →
/// ending, with the last status and the last word on each timer and on being parked taken from the items beforehand.
class ProgressBatch {
 public:
  /// `items` must outlive this.
  ProgressBatch(std::int64_t incarnation, const std::vector<CommitItem*>& items);

  /// To be run as one transaction.
  std::vector<Query> statements();
  /// Notes the outcome of each item, of all but the doubtful ones.
  void read(const std::vector<ResultSet>& results);

  /// Items whose execution is not live. They are gone, unless an attempt of their own whose answer was lost wrote them:
  /// then journal and history hold exactly what they say.
  bool has_doubtful() const { return !doubtful_.empty(); }
  std::vector<Query> questions() const;
  void read_answers(const std::vector<ResultSet>& results);

 private:
  struct Run {
    Uuid id;
    int run;
    bool operator==(const Run&) const = default;
  };
  struct HashRun {
    std::size_t operator()(const Run& key) const noexcept {
      return std::hash<Uuid>()(key.id) * 31 + static_cast<std::size_t>(key.run);
    }
  };
  static Run run_of(const ProgressItem& item) { return {item.progress.id, item.progress.run}; }

  void add_journal(std::vector<Query>& queries) const;
  void add_statuses(std::vector<Query>& queries) const;
  void add_parked(std::vector<Query>& queries) const;
  void add_timers(std::vector<Query>& queries) const;
  void add_children(std::vector<Query>& queries) const;
  void add_approvals(std::vector<Query>& queries) const;
  void add_endings(std::vector<Query>& queries);

  std::int64_t incarnation_;
  std::vector<ProgressItem*> items_;     // to be written
  std::vector<ProgressItem*> doubtful_;  // behind an ending in this batch, or not live
  std::unordered_map<Run, ProgressItem*, HashRun> endings_;
  std::size_t live_at_ = 0;  // places in the results; 0: not asked
  std::size_t endings_at_ = 0;
};

}  // namespace r8r::store
