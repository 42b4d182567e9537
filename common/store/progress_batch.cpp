#include "common/store/progress_batch.hpp"

#include <algorithm>
#include <map>

namespace r8r::store {
namespace {

// The lock, then the look, each a statement of its own: the second must see what a taker committed while the first
// waited.
constexpr Statement kLock{"progress_lock", "select pg_advisory_xact_lock_shared($1)"};
constexpr Statement kNotFenced{"progress_not_fenced", "select assert_not_fenced($1)"};

constexpr Statement kLive{"progress_live", "select id, run from live_executions where id = any($1)"};
constexpr Statement kJournal{
    "progress_journal",
    "insert into journal (execution_id, run, seq, entries) select e.id, e.run, e.seq, e.entries from unnest($1, $2, "
    "$3, $4) "
    "as e(id, run, seq, entries) join live_executions l on l.id = e.id and l.run = e.run on conflict do nothing"};
constexpr Statement kStatus{
    "progress_status",
    "update live_executions l set status = e.status, started_at = coalesce(e.started_at, l.started_at) "
    "from unnest($1, $2, $3, $4) as e(id, run, status, started_at) where l.id = e.id and l.run = e.run "
    "and (l.status <> e.status or l.started_at is distinct from coalesce(e.started_at, l.started_at))"};
constexpr Statement kSetTimers{
    "progress_set_timers",
    "insert into timers (execution_id, node_id, partition, fire_at) select e.id, e.node_id, e.partition, e.fire_at "
    "from unnest($1, $2, $3, $4, $5) as e(id, run, node_id, partition, fire_at) "
    "join live_executions l on l.id = e.id and l.run = e.run "
    "on conflict (execution_id, node_id) do update set fire_at = excluded.fire_at, partition = excluded.partition"};
constexpr Statement kClearTimers{"progress_clear_timers",
                                 "delete from timers t using unnest($1, $2) as e(id, node_id) where t.execution_id = "
                                 "e.id and t.node_id = e.node_id"};
constexpr Statement kEnd{"progress_end",
                         "with gone as (delete from live_executions l using unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) "
                         "as e(id, run, status, started_at, finished_at, output, error, error_node, trace) where l.id "
                         "= e.id and l.run = e.run "
                         "returning l.id, l.run, l.workflow_id, l.workflow_version, l.workflow_name, e.status, "
                         "l.trigger_type, l.origin, l.input, "
                         "l.webhook, l.correlation_id, l.idempotency_key, l.traceparent, l.accepted_at, e.started_at, "
                         "e.finished_at, case when e.output like '@%' then whole_payload(l.id, e.output) else e.output "
                         "end, "
                         "e.error, e.error_node, e.trace, l.replayed_from) "
                         "insert into executions (id, run, workflow_id, workflow_version, workflow_name, status, "
                         "trigger_type, origin, input, webhook, "
                         "correlation_id, idempotency_key, traceparent, accepted_at, started_at, finished_at, output, "
                         "error, error_node, trace, replayed_from) "
                         "select * from gone returning id, run"};
constexpr Statement kClearAllTimers{"progress_clear_all_timers",
                                    "delete from timers t where t.execution_id = any($1) "
                                    "and not exists (select 1 from live_executions l where l.id = t.execution_id)"};

constexpr Statement kSameJournal{
    "progress_same_journal",
    "select e.place from unnest($1, $2, $3, $4, $5) as e(place, id, run, seq, entries) join journal j "
    "on j.execution_id = e.id and j.run = e.run and j.seq = e.seq and j.entries = e.entries"};
constexpr Statement kSameEnding{
    "progress_same_ending",
    "select e.place from unnest($1, $2, $3, $4, $5) as e(place, id, run, status, finished_at) join executions x "
    "on x.id = e.id and x.run = e.run and x.status = e.status and x.finished_at = e.finished_at"};
constexpr Statement kEnded{"progress_ended",
                           "select e.place from unnest($1, $2, $3) as e(place, id, run) join executions x "
                           "on x.id = e.id and x.run = e.run"};

template <class... Columns>
Params params_of(Columns&&... columns) {
  Params params;
  (params.add(std::move(columns)), ...);
  return params;
}

}  // namespace

void ProgressItem::settle(const Error* error) {
  Result<ProgressOutcome> result = outcome;
  if (error != nullptr) result = fail(*error);
  // It may destroy what it holds.
  const ProgressQueue::Callback call = std::move(callback);
  if (call) call(std::move(result));
}

ProgressBatch::ProgressBatch(std::int64_t incarnation, const std::vector<CommitItem*>& items)
    : incarnation_(incarnation) {
  items_.reserve(items.size());
  for (CommitItem* base : items) {
    ProgressItem* item = static_cast<ProgressItem*>(base);
    if (!endings_.empty() && endings_.contains(run_of(*item))) {
      // The end comes first, so this one finds nothing.
      doubtful_.push_back(item);
      continue;
    }
    items_.push_back(item);
    if (item->progress.ending) endings_.emplace(run_of(*item), item);
  }
}

std::vector<Query> ProgressBatch::statements() {
  std::vector<Query> queries;
  Params lock;
  lock.add(incarnation_);
  Params look = lock;
  queries.push_back({&kLock, std::move(lock)});
  queries.push_back({&kNotFenced, std::move(look)});

  Column live(Type::uuid);
  for (const ProgressItem* item : items_) {
    if (!endings_.contains(run_of(*item))) live.add(item->progress.id);
  }
  if (live.size() > 0) {
    live_at_ = queries.size();
    queries.push_back({&kLive, params_of(live)});
  }
  add_journal(queries);
  add_statuses(queries);
  add_timers(queries);
  add_endings(queries);
  return queries;
}

void ProgressBatch::add_journal(std::vector<Query>& queries) const {
  Column id(Type::uuid), run(Type::int4), seq(Type::int4), entries(Type::text);
  for (const ProgressItem* item : items_) {
    const ExecutionProgress& p = item->progress;
    if (p.journal.empty()) continue;
    id.add(p.id);
    run.add(std::int32_t{p.run});
    seq.add(std::int32_t{p.seq});
    entries.add(p.journal);
  }
  if (id.size() > 0) queries.push_back({&kJournal, params_of(id, run, seq, entries)});
}

void ProgressBatch::add_statuses(std::vector<Query>& queries) const {
  // A row that ends in this batch is not updated first.
  std::unordered_map<Run, std::size_t, HashRun> place;
  std::vector<const ExecutionProgress*> last;
  std::vector<std::optional<Timestamp>> started;
  for (const ProgressItem* item : items_) {
    const ExecutionProgress& p = item->progress;
    if (p.status.empty() || endings_.contains(run_of(*item))) continue;
    const auto [entry, is_new] = place.emplace(run_of(*item), last.size());
    if (is_new) {
      last.push_back(&p);
      started.push_back(p.started_at);
    } else {
      last[entry->second] = &p;
      if (p.started_at) started[entry->second] = p.started_at;
    }
  }
  if (last.empty()) return;
  Column id(Type::uuid), run(Type::int4), status(Type::text), started_at(Type::timestamptz);
  for (std::size_t i = 0; i < last.size(); ++i) {
    id.add(last[i]->id);
    run.add(std::int32_t{last[i]->run});
    status.add(last[i]->status);
    started_at.add(started[i]);
  }
  queries.push_back({&kStatus, params_of(id, run, status, started_at)});
}

void ProgressBatch::add_timers(std::vector<Query>& queries) const {
  struct Last {
    const ExecutionProgress* progress;
    const TimerChange* change;
  };
  std::map<std::pair<Uuid, std::string_view>, Last> last;
  for (const ProgressItem* item : items_) {
    if (item->progress.timers.empty() || endings_.contains(run_of(*item))) continue;
    for (const TimerChange& change : item->progress.timers) {
      last.insert_or_assign({item->progress.id, std::string_view(change.node_id)}, Last{&item->progress, &change});
    }
  }
  Column id(Type::uuid), run(Type::int4), node(Type::text), partition(Type::int4), fire_at(Type::timestamptz);
  Column cleared_id(Type::uuid), cleared_node(Type::text);
  for (const auto& [key, entry] : last) {
    if (!entry.change->fire_at) {
      cleared_id.add(key.first);
      cleared_node.add(key.second);
      continue;
    }
    id.add(key.first);
    run.add(std::int32_t{entry.progress->run});
    node.add(key.second);
    partition.add(std::int32_t{entry.progress->partition});
    fire_at.add(*entry.change->fire_at);
  }
  if (id.size() > 0) queries.push_back({&kSetTimers, params_of(id, run, node, partition, fire_at)});
  if (cleared_id.size() > 0) queries.push_back({&kClearTimers, params_of(cleared_id, cleared_node)});
}

void ProgressBatch::add_endings(std::vector<Query>& queries) {
  if (endings_.empty()) return;
  Column id(Type::uuid), run(Type::int4), status(Type::text), started_at(Type::timestamptz),
      finished_at(Type::timestamptz), output(Type::text), error(Type::text), error_node(Type::text), trace(Type::text),
      with_timers(Type::uuid);
  for (const ProgressItem* item : items_) {
    const ExecutionProgress& p = item->progress;
    // Timers that an item of this batch changes are not written when it ends in it, but older rows of them may exist.
    if ((p.has_timers || !p.timers.empty()) && endings_.contains(run_of(*item))) with_timers.add(p.id);
    if (!p.ending) continue;
    id.add(p.id);
    run.add(std::int32_t{p.run});
    status.add(p.ending->status);
    started_at.add(p.ending->started_at);
    finished_at.add(p.ending->finished_at);
    output.add(p.ending->output);
    error.add(p.ending->error);
    error_node.add(p.ending->error_node);
    trace.add(p.ending->trace.empty() ? std::string_view("[]") : std::string_view(p.ending->trace));
  }
  endings_at_ = queries.size();
  queries.push_back({&kEnd, params_of(id, run, status, started_at, finished_at, output, error, error_node, trace)});
  if (with_timers.size() > 0) queries.push_back({&kClearAllTimers, params_of(with_timers)});
}

void ProgressBatch::read(const std::vector<ResultSet>& results) {
  std::unordered_set<Run, HashRun> found;
  for (const std::size_t at : {live_at_, endings_at_}) {
    if (at == 0) continue;
    const ResultSet& rows = results[at];
    for (int row = 0; row < rows.rows(); ++row) found.insert(Run{rows.uuid(row, 0), rows.int4(row, 1)});
  }
  for (ProgressItem* item : items_) {
    if (found.contains(run_of(*item))) {
      item->outcome = ProgressOutcome::committed;
    } else {
      doubtful_.push_back(item);
    }
  }
}

std::vector<Query> ProgressBatch::questions() const {
  Column journal_place(Type::int4), journal_id(Type::uuid), journal_run(Type::int4), seq(Type::int4),
      entries(Type::text);
  Column end_place(Type::int4), end_id(Type::uuid), end_run(Type::int4), status(Type::text),
      finished_at(Type::timestamptz);
  Column place(Type::int4), id(Type::uuid), run(Type::int4);
  for (std::size_t i = 0; i < doubtful_.size(); ++i) {
    const ExecutionProgress& p = doubtful_[i]->progress;
    const auto number = static_cast<std::int32_t>(i);
    if (p.ending) {
      end_place.add(number);
      end_id.add(p.id);
      end_run.add(std::int32_t{p.run});
      status.add(p.ending->status);
      finished_at.add(p.ending->finished_at);
    } else if (!p.journal.empty()) {
      journal_place.add(number);
      journal_id.add(p.id);
      journal_run.add(std::int32_t{p.run});
      seq.add(std::int32_t{p.seq});
      entries.add(p.journal);
    } else if (doubtful_[i]->maybe_written) {
      // Nothing of it is left to compare; with an answer lost and an ended run, it was in time.
      place.add(number);
      id.add(p.id);
      run.add(std::int32_t{p.run});
    }
  }
  std::vector<Query> queries;
  if (journal_id.size() > 0) {
    queries.push_back({&kSameJournal, params_of(journal_place, journal_id, journal_run, seq, entries)});
  }
  if (end_id.size() > 0) queries.push_back({&kSameEnding, params_of(end_place, end_id, end_run, status, finished_at)});
  if (id.size() > 0) queries.push_back({&kEnded, params_of(place, id, run)});
  return queries;
}

void ProgressBatch::read_answers(const std::vector<ResultSet>& results) {
  for (ProgressItem* item : doubtful_) item->outcome = ProgressOutcome::gone;
  for (const ResultSet& rows : results) {
    for (int row = 0; row < rows.rows(); ++row) {
      doubtful_[static_cast<std::size_t>(rows.int4(row, 0))]->outcome = ProgressOutcome::committed;
    }
  }
}

}  // namespace r8r::store
