#include "tests/simulation/cluster/database.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/journal/journal_entry.hpp"

namespace r8r::sim {

Database::Database(Events& events, const Bugs& bugs, int partitions)
    : events_(events),
      bugs_(bugs),
      live_(static_cast<std::size_t>(partitions)),
      owners_(static_cast<std::size_t>(partitions)) {}

const Database::Entry* Database::entry(const Uuid& id) const {
  const auto found = executions_.find(id);
  return found == executions_.end() ? nullptr : &found->second;
}

std::size_t Database::live_count() const {
  std::size_t count = 0;
  for (const auto& ids : live_) count += ids.size();
  return count;
}

void Database::define(const std::string& name, const Uuid& id, std::shared_ptr<const workflow::Workflow> workflow) {
  names_.emplace(name, id);
  workflows_.emplace(id, std::move(workflow));
}

void Database::accept(store::LiveExecution execution) {
  const Uuid id = execution.row.id;
  live_[static_cast<std::size_t>(execution.partition)].insert(id);
  executions_[id].live = std::move(execution);
}

// ---- progress

bool Database::fenced(std::int64_t incarnation) const {
  const auto found = schedulers_.find(incarnation);
  return found == schedulers_.end() || found->second.fenced;
}

Result<store::ProgressOutcome> Database::write(std::int64_t incarnation, const store::ExecutionProgress& progress,
                                               bool stood) {
  const bool stands = bugs_.has(Bug::no_fence) || (bugs_.has(Bug::fence_seen_too_early) ? stood : !fenced(incarnation));
  if (!stands) return fail(ErrorCode::fenced, fmt::format("incarnation {} is fenced", incarnation));
  if (owners_[static_cast<std::size_t>(progress.partition)] != incarnation)
    broken_.push_back(
        fmt::format("incarnation {} wrote in partition {}, which it does not own", incarnation, progress.partition));

  const auto found = executions_.find(progress.id);
  if (found == executions_.end()) return store::ProgressOutcome::gone;
  Entry& entry = found->second;
  const bool live = entry.live && entry.live->row.run == progress.run;
  if (!live) {
    if (bugs_.has(Bug::second_ending) && progress.ending && !entry.ended.empty()) {
      entry.ended.push_back(entry.ended.back());
      return store::ProgressOutcome::committed;
    }
    return store::ProgressOutcome::gone;
  }
  const auto begun = entry.live->row.started_at;
  const auto says = progress.ending ? std::optional(progress.ending->started_at) : progress.started_at;
  if (begun && says && *begun != *says) return fail(ErrorCode::conflict_error, "the execution had begun already");
  if (!progress.journal.empty()) {
    auto& rows = entry.journal[progress.run];
    if (bugs_.has(Bug::journal_overwritten)) {
      rows.clear();
      rows[1] = progress.journal;
    } else {
      const auto [row, is_new] = rows.emplace(progress.seq, progress.journal);
      if (!is_new && row->second != progress.journal)
        return fail(ErrorCode::conflict_error, "the execution had begun already");
    }
  }
  store::ExecutionRow& row = entry.live->row;
  if (!progress.status.empty()) row.status = progress.status;
  if (progress.started_at && row.run == 1) check_limit(*entry.live);
  if (progress.started_at) row.started_at = progress.started_at;
  if (progress.parked && (*progress.parked || !bugs_.has(Bug::parked_stays))) entry.live->parked = *progress.parked;
  for (const store::TimerChange& timer : progress.timers) {
    if (bugs_.has(Bug::deadline_not_written) && timer.node_id == "#deadline") continue;
    if (timer.fire_at && !bugs_.has(Bug::timers_not_written)) {
      entry.timers[timer.node_id] = {progress.id, timer.node_id, progress.partition, *timer.fire_at};
    } else {
      entry.timers.erase(timer.node_id);
    }
  }
  for (const Uuid& child : progress.children_let_go) awaited_.erase(child);
  ask_and_decide(progress);
  const store::LiveExecution parent = *entry.live;
  const std::vector<store::NewChild> children = progress.children;
  if (progress.ending) end(entry, progress);
  // `entry` may move from here on.
  for (const store::NewChild& child : children) begin_child(parent, child);
  if (progress.ending && progress.has_children)
    std::erase_if(awaited_, [&](const auto& item) { return item.second == progress.id; });
  return store::ProgressOutcome::committed;
}

void Database::ask_and_decide(const store::ExecutionProgress& progress) {
  for (const store::NewApproval& asked : progress.approvals)
    questions_.emplace(asked.id, Question{.execution = progress.id, .partition = progress.partition});
  for (const store::ApprovalDecision& decided : progress.decisions) {
    Question& question = questions_.at(decided.id);
    if (question.status != "pending")
      broken_.push_back(
          fmt::format("question {} of {} was decided twice", decided.id.to_string(), progress.id.to_string()));
    question.status = decided.status;
  }
  if (!progress.ending || !progress.has_approvals || bugs_.has(Bug::questions_stay_open)) return;
  for (auto& [id, question] : questions_) {
    if (question.execution == progress.id && question.status == "pending") question.status = "expired";
  }
}

void Database::check_limit(const store::LiveExecution& starting) {
  if (!starting.limit_key) return;
  const auto most = workflow(starting.row.workflow_id).settings.max_concurrent_executions;
  if (!most) return;
  int running = 0;
  for (const Uuid& id : live_[static_cast<std::size_t>(starting.partition)]) {
    const store::LiveExecution& live = *entry(id)->live;
    if (live.row.workflow_id == starting.row.workflow_id && live.limit_key == starting.limit_key && live.row.run == 1 &&
        live.row.started_at && id != starting.row.id)
      ++running;
  }
  if (running >= *most)
    broken_.push_back(fmt::format("{} started while {} of its workflow ran", starting.row.id.to_string(), running));
}

bool Database::counts_above(store::LiveExecution above, const Uuid& workflow_id) const {
  while (true) {
    if (above.row.workflow_id == workflow_id && above.limit_key) return true;
    if (!above.parent_partition) return false;
    const Entry* next = entry(*above.row.parent_execution_id);
    if (next == nullptr || !next->live) return false;
    above = *next->live;
  }
}

void Database::begin_child(const store::LiveExecution& parent, const store::NewChild& child) {
  if (executions_.contains(child.id)) return;
  const Uuid workflow_id = child.workflow_id ? *child.workflow_id : named(child.workflow_name);
  store::LiveExecution live{.partition = child.partition};
  live.row.id = child.id;
  live.row.workflow_id = workflow_id;
  live.row.workflow_version = 1;
  live.row.workflow_name = child.workflow_name;
  live.row.status = "pending";
  live.row.trigger_type = child.trigger_type;
  live.row.input = child.input;
  live.row.correlation_id = parent.row.correlation_id;
  live.row.accepted_at = child.accepted_at;
  live.row.live = true;
  live.row.parent_execution_id = parent.row.id;
  if (child.awaited) live.parent_partition = parent.partition;
  live.depth = parent.depth + 1;
  // Whoever had to wait for an execution that waits for it would wait for itself.
  const bool waits_for_itself = child.awaited && counts_above(parent, workflow_id);
  if (!waits_for_itself) live.limit_key = child.limit_key;
  if (child.has_parents_input) live.row.input += ",\"input\":" + parent.row.input + "}";
  if (child.awaited) awaited_.emplace(child.id, parent.row.id);
  accept(std::move(live));
}

void Database::end(Entry& entry, const store::ExecutionProgress& progress) {
  store::ExecutionRow row = std::move(entry.live->row);
  live_[static_cast<std::size_t>(entry.live->partition)].erase(row.id);
  entry.live.reset();
  row.status = progress.ending->status;
  row.started_at = progress.ending->started_at;
  row.finished_at = progress.ending->finished_at;
  row.output = progress.ending->output;
  row.error = progress.ending->error;
  row.error_node = progress.ending->error_node;
  row.trace = progress.ending->trace;
  entry.ended.push_back({std::move(row), progress.partition});
  if ((progress.has_timers || !progress.timers.empty()) && !bugs_.has(Bug::timers_not_cleared)) entry.timers.clear();
}

// ---- executions

std::optional<store::ExecutionRow> Database::find(const Uuid& id) const {
  const Entry* entry = this->entry(id);
  if (entry == nullptr) return std::nullopt;
  if (entry->live) return entry->live->row;
  return entry->ended.back().row;
}

std::vector<store::LiveExecution> Database::load_live(const std::vector<Uuid>& ids) const {
  std::vector<store::LiveExecution> rows;
  for (const Uuid& id : ids) {
    const Entry* entry = this->entry(id);
    if (entry == nullptr || !entry->live) continue;
    store::LiveExecution row = *entry->live;
    if (const auto journal = entry->journal.find(row.row.run); journal != entry->journal.end()) {
      for (const auto& [seq, entries] : journal->second) row.journal.push_back(entries);
      if (bugs_.has(Bug::journal_read_short)) row.journal.pop_back();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::pair<Uuid, int>> Database::live_ids(const std::vector<int>& partitions, Timestamp before,
                                                     const Uuid& after, int limit) const {
  std::vector<std::pair<Uuid, int>> ids;
  if (bugs_.has(Bug::no_sweep)) return ids;
  for (const int partition : partitions) {
    const auto& of_partition = live_[static_cast<std::size_t>(partition)];
    for (auto it = of_partition.upper_bound(after); it != of_partition.end(); ++it) {
      const store::LiveExecution& live = *entry(*it)->live;
      if (live.row.accepted_at < before && !live.parked) ids.emplace_back(*it, partition);
    }
  }
  std::sort(ids.begin(), ids.end());
  if (ids.size() > static_cast<std::size_t>(limit)) ids.resize(static_cast<std::size_t>(limit));
  return ids;
}

std::vector<store::DueTimer> Database::timers_before(const std::vector<int>& partitions, Timestamp before,
                                                     store::TimerPosition after, int limit) const {
  const auto place_of = [](const store::DueTimer& timer) { return std::pair(timer.fire_at, timer.execution_id); };
  std::vector<store::DueTimer> due;
  for (const int partition : partitions) {
    for (const Uuid& id : live_[static_cast<std::size_t>(partition)]) {
      for (const auto& [node, timer] : entry(id)->timers) {
        if (timer.fire_at < before && place_of(timer) > std::pair(after.fire_at, after.execution_id))
          due.push_back(timer);
      }
    }
  }
  std::sort(due.begin(), due.end(), [&](const auto& a, const auto& b) { return place_of(a) < place_of(b); });
  if (due.size() > static_cast<std::size_t>(limit)) due.resize(static_cast<std::size_t>(limit));
  return due;
}

std::vector<std::string> Database::whole_journal(const Uuid& id, int run) const {
  std::vector<std::string> rows;
  const Entry* entry = this->entry(id);
  if (entry == nullptr || bugs_.has(Bug::run_before_forgotten)) return rows;
  if (const auto journal = entry->journal.find(run); journal != entry->journal.end()) {
    for (const auto& [seq, entries] : journal->second) rows.push_back(entries);
  }
  for (const Ended& ended : entry->ended) {
    if (ended.row.run == run) rows.push_back(ended.row.trace);
  }
  return rows;
}

bool Database::begin_again(const Uuid& id, int partition) {
  const auto found = executions_.find(id);
  if (found == executions_.end()) return false;
  Entry& entry = found->second;
  if (entry.ended.empty()) return false;
  const store::ExecutionRow& last = entry.ended.back().row;
  if (last.status != "failed" && last.status != "cancelled") return false;
  if (entry.live) return false;
  store::LiveExecution live{.row = last, .partition = partition};
  live.row.run = last.run + 1;
  live.row.status = "pending";
  live.row.started_at.reset();
  live.row.finished_at.reset();
  live.row.output.reset();
  live.row.error.reset();
  live.row.error_node.reset();
  live.row.trace.clear();
  accept(std::move(live));
  return true;
}

std::vector<store::LimitedRun> Database::limited_runs(const std::vector<int>& partitions) const {
  std::vector<store::LimitedRun> runs;
  if (bugs_.has(Bug::limits_forgotten)) return runs;
  for (const int partition : partitions) {
    for (const Uuid& id : live_[static_cast<std::size_t>(partition)]) {
      const store::LiveExecution& live = *entry(id)->live;
      if (live.limit_key && live.row.started_at) runs.push_back({id, partition, live.row.workflow_id, *live.limit_key});
    }
  }
  return runs;
}

std::vector<Timestamp> Database::starts_since(const Uuid& workflow_id, const std::string& key, Timestamp since,
                                              int limit) const {
  std::vector<Timestamp> starts;
  for (const auto& [id, entry] : executions_) {
    // What has ended does not say its key here: only what lives counts.
    if (!entry.live || entry.live->row.workflow_id != workflow_id || entry.live->limit_key != key) continue;
    if (entry.live->row.started_at > since) starts.push_back(*entry.live->row.started_at);
  }
  std::sort(starts.rbegin(), starts.rend());
  if (starts.size() > static_cast<std::size_t>(limit)) starts.resize(static_cast<std::size_t>(limit));
  return starts;
}

// ---- children

std::vector<store::ChildEnding> Database::ended_children(const std::vector<Uuid>& ids) const {
  std::vector<store::ChildEnding> found;
  if (bugs_.has(Bug::children_forgotten)) return found;
  for (const Uuid& id : ids) {
    const Entry* entry = this->entry(id);
    if (entry == nullptr || entry->ended.empty()) continue;
    const store::ExecutionRow& row = entry->ended.front().row;
    found.push_back({id, row.status, row.output, row.error});
  }
  return found;
}

std::vector<std::pair<Uuid, int>> Database::living(const std::vector<Uuid>& ids) const {
  std::vector<std::pair<Uuid, int>> found;
  for (const Uuid& id : ids) {
    if (const Entry* entry = this->entry(id); entry != nullptr && entry->live)
      found.emplace_back(id, entry->live->partition);
  }
  return found;
}

std::vector<Uuid> Database::abandoned(const std::vector<Uuid>& ids) const {
  std::vector<Uuid> found;
  for (const Uuid& id : ids) {
    const Entry* entry = this->entry(id);
    const bool was_awaited = entry != nullptr && entry->live && entry->live->parent_partition;
    if (was_awaited && !awaited_.contains(id)) found.push_back(id);
  }
  return found;
}

std::vector<std::pair<Uuid, int>> Database::overlooked(const std::vector<int>& partitions, int limit) const {
  std::vector<std::pair<Uuid, int>> found;
  const auto mine = [&](int partition) {
    return std::find(partitions.begin(), partitions.end(), partition) != partitions.end();
  };
  for (const auto& [child, parent] : awaited_) {
    const Entry* waits = entry(parent);
    const Entry* ended = entry(child);
    if (waits != nullptr && waits->live && mine(waits->live->partition) && ended != nullptr && !ended->ended.empty())
      found.emplace_back(parent, waits->live->partition);
  }
  for (const int partition : partitions) {
    for (const Uuid& id : live_[static_cast<std::size_t>(partition)]) {
      if (entry(id)->live->parent_partition && !awaited_.contains(id)) found.emplace_back(id, partition);
    }
  }
  std::sort(found.begin(), found.end());
  if (found.size() > static_cast<std::size_t>(limit)) found.resize(static_cast<std::size_t>(limit));
  return found;
}

// ---- leases

std::int64_t Database::begin_incarnation(std::chrono::milliseconds lease) {
  const std::int64_t id = schedulers_.empty() ? 1 : schedulers_.rbegin()->first + 1;
  schedulers_[id].lease_until = events_.now() + lease;
  return id;
}

bool Database::renew(std::int64_t incarnation, std::chrono::milliseconds lease) {
  if (fenced(incarnation)) return false;
  schedulers_[incarnation].lease_until = events_.now() + lease;
  return true;
}

std::vector<store::Peer> Database::peers() const {
  std::vector<store::Peer> peers;
  for (const auto& [id, scheduler] : schedulers_) {
    const bool owns = std::find(owners_.begin(), owners_.end(), id) != owners_.end();
    if (scheduler.fenced && !owns) continue;
    store::Peer& peer = peers.emplace_back();
    peer.incarnation = id;
    peer.lease_left = std::chrono::duration_cast<std::chrono::milliseconds>(scheduler.lease_until - events_.now());
    peer.fenced = scheduler.fenced;
  }
  return peers;
}

std::vector<store::PartitionOwner> Database::partitions() const {
  std::vector<store::PartitionOwner> all;
  for (std::size_t i = 0; i < owners_.size(); ++i) all.push_back({static_cast<int>(i), owners_[i]});
  return all;
}

bool Database::fence(std::int64_t expired) {
  Scheduler& scheduler = schedulers_[expired];
  if (scheduler.fenced) return true;
  if (scheduler.lease_until >= events_.now()) return false;
  scheduler.fenced = true;
  return true;
}

std::vector<int> Database::claim(std::int64_t incarnation, int max) {
  std::vector<int> taken;
  if (fenced(incarnation)) return taken;
  for (std::size_t i = 0; i < owners_.size() && static_cast<int>(taken.size()) < max; ++i) {
    const bool robs = bugs_.has(Bug::living_owners_robbed) && owners_[i] != incarnation;
    if (owners_[i] && !fenced(*owners_[i]) && !robs) continue;
    owners_[i] = incarnation;
    taken.push_back(static_cast<int>(i));
  }
  return taken;
}

void Database::release(std::int64_t incarnation, const std::vector<int>& partitions) {
  for (const int partition : partitions) {
    auto& owner = owners_[static_cast<std::size_t>(partition)];
    if (owner == incarnation) owner.reset();
  }
}

void Database::end_incarnation(std::int64_t incarnation) {
  for (auto& owner : owners_) {
    if (owner == incarnation) owner.reset();
  }
  schedulers_[incarnation].fenced = true;
}

bool Database::started(const Uuid& id, std::int64_t dispatch_id) const {
  const Entry* entry = this->entry(id);
  if (entry == nullptr) return false;
  const std::string said = fmt::format("\"dispatch\":{}", dispatch_id);
  for (const auto& [run, rows] : entry->journal) {
    for (const auto& [seq, entries] : rows) {
      const std::size_t at = entries.find(said);
      if (at != std::string::npos && std::isdigit(static_cast<unsigned char>(entries[at + said.size()])) == 0)
        return true;
    }
  }
  return false;
}

std::pair<std::int64_t, int> Database::last_started(const Uuid& id, const std::string& node) const {
  std::pair<std::int64_t, int> last{0, 0};
  const Entry* entry = this->entry(id);
  if (entry == nullptr || !entry->live) return last;
  const auto journal = entry->journal.find(entry->live->row.run);
  if (journal == entry->journal.end()) return last;
  for (const auto& [seq, text] : journal->second) {
    const auto decoded = journal::parse_entries(text);
    for (const journal::JournalEntry& fact : *decoded) {
      if (fact.kind == journal::EntryKind::started && fact.node_id == node) last = {fact.dispatch_id, fact.attempt};
    }
  }
  return last;
}

}  // namespace r8r::sim
