#include "common/store/progress_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace r8r::store {
namespace {

// The lock, then the look, each a statement of its own: the second must see what a taker committed while the first
// waited.
constexpr Statement kLock{"progress_lock", "select pg_advisory_xact_lock_shared($1)"};
constexpr Statement kNotFenced{"progress_not_fenced", "select assert_not_fenced($1)"};

// An execution begins once; whoever says another time has begun it without knowing that. The first two conditions are
// those of the join, in case that they are looked at later.
#define R8R_ONE_BEGINNING                                                                                     \
  "case when l.id <> e.id or l.run <> e.run then false when e.started_at is null or l.started_at is null or " \
  "l.started_at = e.started_at then true else begun_already(l.id, l.started_at) end "

constexpr Statement kLive{"progress_live", "select id, run from live_executions where id = any($1)"};
constexpr Statement kJournal{
    "progress_journal",
    "insert into journal (execution_id, run, seq, entries) select e.id, e.run, e.seq, e.entries from unnest($1, $2, "
    "$3, $4) "
    "as e(id, run, seq, entries) join live_executions l on l.id = e.id and l.run = e.run "
    "on conflict (execution_id, run, seq) do update set entries = excluded.entries "
    "where assert_same_entries(journal.execution_id, journal.run, journal.seq, journal.entries, excluded.entries)"};
constexpr Statement kStatus{
    "progress_status",
    "update live_executions l set status = e.status, started_at = coalesce(e.started_at, l.started_at) "
    "from unnest($1, $2, $3, $4) as e(id, run, status, started_at) where l.id = e.id and l.run = e.run "
    "and (l.status <> e.status or l.started_at is distinct from coalesce(e.started_at, l.started_at)) "
    "and " R8R_ONE_BEGINNING};
constexpr Statement kPark{
    "progress_park",
    "update live_executions l set parked = e.parked from unnest($1, $2, $3) as e(id, run, parked) "
    "where l.id = e.id and l.run = e.run"};
constexpr Statement kSetTimers{
    "progress_set_timers",
    "insert into timers (execution_id, node_id, partition, fire_at) select e.id, e.node_id, e.partition, e.fire_at "
    "from unnest($1, $2, $3, $4, $5) as e(id, run, node_id, partition, fire_at) "
    "join live_executions l on l.id = e.id and l.run = e.run "
    "on conflict (execution_id, node_id) do update set fire_at = excluded.fire_at, partition = excluded.partition"};
constexpr Statement kClearTimers{"progress_clear_timers",
                                 "delete from timers t using unnest($1, $2) as e(id, node_id) where t.execution_id = "
                                 "e.id and t.node_id = e.node_id"};
// While the parent's row is there: what follows from it (partition, correlation, depth) is taken from that.
constexpr Statement kChildren{
    "progress_children",
    "insert into live_executions (id, partition, workflow_id, workflow_version, workflow_name, trigger_type, origin, "
    "input, correlation_id, traceparent, accepted_at, parent_execution_id, parent_partition, depth, limit_key) "
    "select e.id, e.partition, coalesce(e.workflow_id, w.id), coalesce(e.version, w.version), e.name, e.trigger_type, "
    "'engine', case when e.wrapped then e.input || ',\"original_input\":' || p.input || ',\"input\":' || p.input || "
    "'}' else e.input end, p.correlation_id, p.traceparent, e.accepted_at, p.id, "
    "case when e.awaited then p.partition end, p.depth + 1, "
    "case when e.limit_key is null or (e.awaited and counts_above(p.id, e.workflow_id)) then null else e.limit_key end "
    "from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) as e(parent, run, id, partition, name, "
    "workflow_id, version, trigger_type, input, wrapped, awaited, accepted_at, limit_key) "
    "join live_executions p on p.id = e.parent and p.run = e.run "
    "left join workflows w on e.workflow_id is null and w.name = e.name and w.enabled "
    "where (e.workflow_id is not null or w.id is not null) "
    "and not exists (select 1 from executions x where x.id = e.id) on conflict (id) do nothing"};
constexpr Statement kAwait{
    "progress_await",
    "insert into awaited_children (child_id, execution_id, partition) select e.id, p.id, p.partition "
    "from unnest($1, $2, $3) as e(parent, run, id) join live_executions p on p.id = e.parent and p.run = e.run "
    "on conflict do nothing"};
constexpr Statement kLetGo{"progress_let_go",
                           "delete from awaited_children a using unnest($1, $2, $3) as e(parent, run, id), "
                           "live_executions p where a.child_id = e.id and p.id = e.parent and p.run = e.run"};
constexpr Statement kLetAllGo{"progress_let_all_go",
                              "delete from awaited_children a where a.execution_id = any($1) "
                              "and not exists (select 1 from live_executions l where l.id = a.execution_id)"};
constexpr Statement kAsk{
    "progress_ask",
    "insert into approvals (id, execution_id, run, partition, node_id, workflow_name, title, description, input, "
    "default_action, assignee, groups, created_at, expires_at) select e.id, p.id, p.run, p.partition, e.node_id, "
    "p.workflow_name, e.title, e.description, e.input, e.default_action, e.assignee, e.groups, e.created_at, "
    "e.expires_at from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as e(execution, run, id, node_id, "
    "title, description, input, default_action, assignee, groups, created_at, expires_at) "
    "join live_executions p on p.id = e.execution and p.run = e.run on conflict do nothing"};
constexpr Statement kDecide{
    "progress_decide",
    "update approvals a set status = e.status, comment = e.comment, decided_by = e.decided_by, decided_at = "
    "e.decided_at from unnest($1, $2, $3, $4, $5, $6, $7) as e(execution, run, id, status, comment, decided_by, "
    "decided_at), live_executions p where a.id = e.id and a.status = 'pending' and p.id = e.execution and p.run = "
    "e.run"};
constexpr Statement kExpire{
    "progress_expire",
    "update approvals a set status = 'expired', decided_at = e.at from unnest($1, $2) as e(execution, at) "
    "where a.execution_id = e.execution and a.status = 'pending' "
    "and not exists (select 1 from live_executions l where l.id = e.execution)"};
#define R8R_GONE                                                                                                    \
  "with gone as (delete from live_executions l using unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) "                   \
  "as e(id, run, status, started_at, finished_at, output, error, error_node, trace) where l.id = e.id and l.run = " \
  "e.run and " R8R_ONE_BEGINNING                                                                                    \
  "returning l.id, l.run, l.workflow_id, l.workflow_version, l.workflow_name, e.status, l.trigger_type, "           \
  "l.origin, l.input, l.webhook, l.correlation_id, l.idempotency_key, l.traceparent, l.accepted_at, e.started_at, " \
  "e.finished_at, case when e.output like '@%' then whole_payload(l.id, e.output) else e.output end, e.error, "     \
  "e.error_node, e.trace, l.replayed_from, l.parent_execution_id, l.depth, l.limit_key, l.event) "
#define R8R_INTO_HISTORY                                                                                          \
  "insert into executions (id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, " \
  "input, webhook, correlation_id, idempotency_key, traceparent, accepted_at, started_at, finished_at, output, "  \
  "error, error_node, trace, replayed_from, parent_execution_id, depth, limit_key, event) select * from gone "
constexpr Statement kEnd{"progress_end", R8R_GONE R8R_INTO_HISTORY "returning id, run"};
// In one statement, so that a repeat, which ends nothing, notes nothing.
constexpr Statement kEndUpstream{
    "progress_end_upstream", R8R_GONE
    ", ended as (" R8R_INTO_HISTORY
    "returning id, run, workflow_name, status, finished_at), noted as (insert into upstream_endings "
    "(workflow_id, partition, upstream, execution_id, run, ended_at) select d.workflow_id, d.partition, d.upstream, "
    "x.id, x.run, x.finished_at from ended x join workflow_dependencies d on d.upstream = x.workflow_name and "
    "(d.status = 'any' or d.status = x.status) join workflows w on w.id = d.workflow_id and w.enabled) "
    "select id, run from ended"};
// Failed ones that no other execution waits for, and so handles, get an entry, or their old one back; the same again,
// after an answer that was lost, changes nothing.
constexpr Statement kDeadLetters{
    "progress_dead_letters",
    "insert into dead_letters (id, execution_id, run, workflow_id, workflow_name, trigger_type, error, failed_node_id, "
    "created_at, updated_at) "
    "select gen_random_uuid(), x.id, x.run, x.workflow_id, x.workflow_name, x.trigger_type, x.error, x.error_node, "
    "x.finished_at, x.finished_at from unnest($1, $2) as e(id, run) join executions x on x.id = e.id and x.run = e.run "
    "and x.status = 'failed' and not exists (select 1 from awaited_children a where a.child_id = x.id) "
    "on conflict (execution_id) do update set run = excluded.run, error = excluded.error, failed_node_id = "
    "excluded.failed_node_id, status = 'pending', created_at = excluded.created_at, updated_at = excluded.updated_at "
    "where dead_letters.run < excluded.run"};
// Runs after the first that did not fail.
constexpr Statement kResolved{"progress_resolved",
                              "update dead_letters d set status = case x.status when 'completed' then 'resolved' else "
                              "'acknowledged' end, updated_at = x.finished_at "
                              "from unnest($1, $2) as e(id, run) join executions x on x.id = e.id and x.run = e.run "
                              "where d.execution_id = x.id and d.run < x.run and d.status = 'scheduled'"};
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
  add_parked(queries);
  add_timers(queries);
  add_children(queries);
  add_approvals(queries);
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

void ProgressBatch::add_parked(std::vector<Query>& queries) const {
  std::unordered_map<Run, bool, HashRun> last;
  for (const ProgressItem* item : items_) {
    if (item->progress.parked && !endings_.contains(run_of(*item)))
      last.insert_or_assign(run_of(*item), *item->progress.parked);
  }
  if (last.empty()) return;
  Column id(Type::uuid), run(Type::int4), parked(Type::boolean);
  for (const auto& [which, is] : last) {
    id.add(which.id);
    run.add(std::int32_t{which.run});
    parked.add(is);
  }
  queries.push_back({&kPark, params_of(id, run, parked)});
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

void ProgressBatch::add_children(std::vector<Query>& queries) const {
  Column parent(Type::uuid), run(Type::int4), id(Type::uuid), partition(Type::int4), name(Type::text),
      workflow_id(Type::uuid), version(Type::int4), trigger_type(Type::text), input(Type::text), wrapped(Type::boolean),
      awaited(Type::boolean), accepted_at(Type::timestamptz), limit_key(Type::text);
  Column waiting(Type::uuid), waiting_run(Type::int4), child(Type::uuid);
  Column leaving(Type::uuid), leaving_run(Type::int4), left(Type::uuid);
  for (const ProgressItem* item : items_) {
    const ExecutionProgress& p = item->progress;
    for (const NewChild& start : p.children) {
      parent.add(p.id);
      run.add(std::int32_t{p.run});
      id.add(start.id);
      partition.add(std::int32_t{start.partition});
      name.add(start.workflow_name);
      workflow_id.add(start.workflow_id);
      version.add(start.workflow_id ? std::optional(std::int32_t{start.workflow_version}) : std::nullopt);
      trigger_type.add(start.trigger_type);
      input.add(start.input);
      wrapped.add(start.has_parents_input);
      awaited.add(start.awaited);
      accepted_at.add(start.accepted_at);
      limit_key.add(start.limit_key);
      if (!start.awaited) continue;
      waiting.add(p.id);
      waiting_run.add(std::int32_t{p.run});
      child.add(start.id);
    }
    for (const Uuid& gone : p.children_let_go) {
      leaving.add(p.id);
      leaving_run.add(std::int32_t{p.run});
      left.add(gone);
    }
  }
  if (id.size() > 0) {
    queries.push_back({&kChildren, params_of(parent, run, id, partition, name, workflow_id, version, trigger_type,
                                             input, wrapped, awaited, accepted_at, limit_key)});
  }
  if (child.size() > 0) queries.push_back({&kAwait, params_of(waiting, waiting_run, child)});
  if (left.size() > 0) queries.push_back({&kLetGo, params_of(leaving, leaving_run, left)});
}

void ProgressBatch::add_approvals(std::vector<Query>& queries) const {
  Column execution(Type::uuid), run(Type::int4), id(Type::uuid), node(Type::text), title(Type::text),
      description(Type::text), input(Type::text), default_action(Type::text), assignee(Type::text), groups(Type::text),
      created_at(Type::timestamptz), expires_at(Type::timestamptz);
  Column of(Type::uuid), of_run(Type::int4), decided(Type::uuid), status(Type::text), comment(Type::text),
      decided_by(Type::text), decided_at(Type::timestamptz);
  for (const ProgressItem* item : items_) {
    const ExecutionProgress& p = item->progress;
    for (const NewApproval& approval : p.approvals) {
      execution.add(p.id);
      run.add(std::int32_t{p.run});
      id.add(approval.id);
      node.add(approval.node_id);
      title.add(approval.title);
      description.add_text_or_null(approval.description);
      input.add(approval.input.empty() ? std::string_view("null") : std::string_view(approval.input));
      default_action.add_text_or_null(approval.default_action);
      assignee.add_text_or_null(approval.assignee);
      groups.add(fmt::format("{}", fmt::join(approval.groups, "\n")));
      created_at.add(approval.created_at);
      expires_at.add(approval.expires_at);
    }
    for (const ApprovalDecision& decision : p.decisions) {
      of.add(p.id);
      of_run.add(std::int32_t{p.run});
      decided.add(decision.id);
      status.add(decision.status);
      comment.add_text_or_null(decision.comment);
      decided_by.add(decision.decided_by);
      decided_at.add(decision.decided_at);
    }
  }
  if (id.size() > 0) {
    queries.push_back({&kAsk, params_of(execution, run, id, node, title, description, input, default_action, assignee,
                                        groups, created_at, expires_at)});
  }
  if (decided.size() > 0)
    queries.push_back({&kDecide, params_of(of, of_run, decided, status, comment, decided_by, decided_at)});
}

void ProgressBatch::add_endings(std::vector<Query>& queries) {
  if (endings_.empty()) return;
  Column id(Type::uuid), run(Type::int4), status(Type::text), started_at(Type::timestamptz),
      finished_at(Type::timestamptz), output(Type::text), error(Type::text), error_node(Type::text), trace(Type::text),
      with_timers(Type::uuid), with_children(Type::uuid), with_approvals(Type::uuid), ended_at(Type::timestamptz),
      failed(Type::uuid), failed_run(Type::int4), later(Type::uuid), later_run(Type::int4);
  bool upstream = false;
  for (const ProgressItem* item : items_) {
    const ExecutionProgress& p = item->progress;
    // Timers that an item of this batch changes are not written when it ends in it, but older rows of them may exist.
    if ((p.has_timers || !p.timers.empty()) && endings_.contains(run_of(*item))) with_timers.add(p.id);
    if ((p.has_children || !p.children.empty()) && endings_.contains(run_of(*item))) with_children.add(p.id);
    if (!p.ending) continue;
    if (p.has_approvals) {
      with_approvals.add(p.id);
      ended_at.add(p.ending->finished_at);
    }
    id.add(p.id);
    run.add(std::int32_t{p.run});
    status.add(p.ending->status);
    started_at.add(p.ending->started_at);
    finished_at.add(p.ending->finished_at);
    output.add(p.ending->output);
    error.add(p.ending->error);
    error_node.add(p.ending->error_node);
    trace.add(p.ending->trace.empty() ? std::string_view("[]") : std::string_view(p.ending->trace));
    upstream = upstream || p.ending->has_dependents;
    if (p.ending->status == "failed") {
      failed.add(p.id);
      failed_run.add(std::int32_t{p.run});
    } else if (p.run > 1) {
      later.add(p.id);
      later_run.add(std::int32_t{p.run});
    }
  }
  endings_at_ = queries.size();
  queries.push_back({upstream ? &kEndUpstream : &kEnd,
                     params_of(id, run, status, started_at, finished_at, output, error, error_node, trace)});
  if (with_timers.size() > 0) queries.push_back({&kClearAllTimers, params_of(with_timers)});
  if (with_approvals.size() > 0) queries.push_back({&kExpire, params_of(with_approvals, ended_at)});
  if (with_children.size() > 0) queries.push_back({&kLetAllGo, params_of(with_children)});
  // Executions that simply complete cost nothing of this.
  if (failed.size() > 0) queries.push_back({&kDeadLetters, params_of(failed, failed_run)});
  if (later.size() > 0) queries.push_back({&kResolved, params_of(later, later_run)});
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
