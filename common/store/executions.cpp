#include "common/store/executions.hpp"

#include <unordered_map>

#include "common/store/execution_columns.hpp"
#include "common/store/pool_lease.hpp"

namespace r8r::store {
namespace {

// One statement over both tables, so one moment: an execution that ends meanwhile is seen here or there, never in
// neither.
constexpr Statement kFind{
    "execution_find", "select " R8R_EXECUTION_COLUMNS " from all_executions where id = $1 order by run desc limit 1"};
constexpr Statement kFindDebounced{
    "execution_find_debounced",
    "select execution_id, 1, workflow_id, workflow_version, workflow_name, 'pending', trigger_type, trigger_type, "
    "input, webhook, correlation_id, null::text, first_call_at, null::timestamptz, null::uuid, null::uuid, event "
    "from delayed_starts where execution_id = $1 and debounce_key is not null"};
constexpr Statement kState{"execution_state",
                           "select run, status, live from all_executions where id = $1 order by run desc limit 1"};
constexpr Statement kJournal{"execution_journal",
                             "select run, entries from journal where execution_id = $1 order by run, seq"};
constexpr Statement kEnded{"executions_ended",
                           "select distinct on (id) " R8R_ENDED_COLUMNS
                           " from executions x where id = any($1) "
                           "and not exists (select 1 from live_executions l where l.id = x.id) order by id, run desc"};
constexpr Statement kLiveByIds{"live_by_ids",
                               "select " R8R_LIVE_COLUMNS " from live_executions where id = any($1) order by id"};
constexpr Statement kJournals{"journals_of_live",
                              "select execution_id, run, entries from journal where execution_id = any($1) "
                              "order by execution_id, run, seq"};
constexpr Statement kLiveIds{"live_ids",
                             "select id, partition from live_executions where partition = any($1) and not parked and "
                             "accepted_at < $2 and id > $3 order by id limit $4"};
constexpr Statement kTimers{"timers_before",
                            "select execution_id, node_id, partition, fire_at from timers where partition = any($1) "
                            "and fire_at <= $2 and (fire_at, execution_id) > ($3, $4) "
                            "order by fire_at, execution_id limit $5"};
constexpr Statement kLimitedRuns{"limited_runs",
                                 "select id, partition, workflow_id, limit_key from live_executions where partition = "
                                 "any($1) and limit_key is not null and started_at is not null"};
constexpr Statement kStartsSince{
    "starts_since",
    "select started_at from (select started_at from live_executions where workflow_id = $1 and limit_key = $2 and "
    "started_at > $3 union all select started_at from executions where workflow_id = $1 and limit_key = $2 and "
    "started_at > $3 and run = 1 and not (status = 'cancelled' and started_at = finished_at)) as starts order by "
    "started_at desc limit $4"};
constexpr Statement kInput{"live_input", "select input from live_executions where id = $1"};
constexpr Statement kLiveJournal{"live_journal",
                                 "select j.entries from journal j join live_executions l on l.id = j.execution_id and "
                                 "l.run = j.run where j.execution_id = $1 "
                                 "order by j.seq"};
constexpr Statement kRunJournal{"run_journal",
                                "select entries from journal where execution_id = $1 and run = $2 order by seq"};
constexpr Statement kRunTrace{"run_trace", "select trace from executions where id = $1 and run = $2"};
// The latest run, by one statement: two that ask at the same time make one. Locked, so that it is not deleted as too
// old at this moment. Its dead letter is handled from now on.
constexpr Statement kBeginAgain{
    "begin_again",
    "with begun as (insert into live_executions (id, run, partition, workflow_id, workflow_version, workflow_name, "
    "trigger_type, "
    "origin, "
    "input, webhook, correlation_id, idempotency_key, traceparent, accepted_at, replayed_from, "
    "parent_execution_id, depth, event) "
    "select x.id, x.run + 1, $2, x.workflow_id, x.workflow_version, x.workflow_name, x.trigger_type, x.origin, "
    "x.input, "
    "x.webhook, x.correlation_id, x.idempotency_key, x.traceparent, x.accepted_at, x.replayed_from, "
    "x.parent_execution_id, x.depth, x.event "
    "from executions x "
    "where x.id = $1 and x.status in ('failed', 'cancelled') "
    "and not exists (select 1 from executions later where later.id = x.id and later.run > x.run) "
    "for key share of x "
    "on conflict (id) do nothing returning id, run), "
    "scheduled as (update dead_letters d set status = 'scheduled', retry_count = d.retry_count + 1, updated_at = now() "
    "from begun where d.execution_id = begun.id and d.status <> 'scheduled') "
    "select run from begun"};
constexpr Statement kCountPending{
    "count_pending", "select count(*) from (select 1 from live_executions where status = 'pending' limit $1) pending"};
// Making a partition locks the parent table: rather later than holding everybody up. Two services that do this at the
// same time do it one after the other.
constexpr Statement kShortLock{"day_partitions_patience", "select set_config('lock_timeout', '2000', true)"};
constexpr Statement kOneAtATime{"day_partitions_lock", "select pg_advisory_xact_lock(x'72387202'::bigint)"};
constexpr Statement kDayPartitions{"day_partitions",
                                   "select ensure_day_partitions((now() at time zone 'utc')::date, $1)"};

Params of(Uuid id) {
  Params params;
  params.add(id);
  return params;
}

ExecutionRow ended_row(const ResultSet& rows, int row) {
  ExecutionRow execution = common_columns(rows, row);
  ended_columns(rows, row, execution);
  return execution;
}

ExecutionRow any_row(const ResultSet& rows, int row) {
  ExecutionRow execution = ended_row(rows, row);
  execution.live = rows.boolean(row, kCommonColumns + 5);
  if (!rows.is_null(row, kCommonColumns + 6)) execution.partition = rows.int4(row, kCommonColumns + 6);
  return execution;
}

/// Live rows with the journals of their present runs.
awaitable<Result<std::vector<LiveExecution>>> load(Pool& pool, const Statement& statement, Params params) {
  Result<ResultSet> rows = co_await run_on(pool, statement, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<LiveExecution> loaded;
  if (rows->empty()) co_return loaded;
  loaded.reserve(static_cast<std::size_t>(rows->rows()));
  std::vector<Uuid> ids;
  std::unordered_map<Uuid, std::size_t> place;
  for (int row = 0; row < rows->rows(); ++row) {
    LiveExecution& execution = loaded.emplace_back();
    execution.row = common_columns(*rows, row);
    execution.row.live = true;
    execution.partition = rows->int4(row, kCommonColumns);
    if (!rows->is_null(row, kCommonColumns + 1)) execution.parent_partition = rows->int4(row, kCommonColumns + 1);
    execution.depth = rows->int4(row, kCommonColumns + 2);
    execution.limit_key = rows->optional_text(row, kCommonColumns + 3);
    execution.parked = rows->boolean(row, kCommonColumns + 4);
    ids.push_back(execution.row.id);
    place.emplace(execution.row.id, loaded.size() - 1);
  }
  Params those;
  those.add(std::span<const Uuid>(ids));
  Result<ResultSet> journals = co_await run_on(pool, kJournals, std::move(those));
  if (!journals) co_return fail(std::move(journals.error()));
  for (int row = 0; row < journals->rows(); ++row) {
    LiveExecution& execution = loaded[place.at(journals->uuid(row, 0))];
    if (journals->int4(row, 1) == execution.row.run) execution.journal.push_back(journals->text(row, 2));
  }
  co_return loaded;
}

}  // namespace

awaitable<Result<std::optional<ExecutionRow>>> Executions::find(Uuid id) {
  Result<ResultSet> rows = co_await run_on(pool_, kFind, of(id));
  if (!rows) co_return fail(std::move(rows.error()));
  std::optional<ExecutionRow> found;
  if (!rows->empty()) found = any_row(*rows, 0);
  co_return found;
}

awaitable<Result<std::optional<ExecutionRow>>> Executions::find_debounced(Uuid id) {
  Result<ResultSet> rows = co_await run_on(pool_, kFindDebounced, of(id));
  if (!rows) co_return fail(std::move(rows.error()));
  std::optional<ExecutionRow> found;
  if (!rows->empty()) found = common_columns(*rows, 0);
  co_return found;
}

awaitable<Result<std::optional<ExecutionState>>> Executions::state(Uuid id) {
  Result<ResultSet> rows = co_await run_on(pool_, kState, of(id));
  if (!rows) co_return fail(std::move(rows.error()));
  std::optional<ExecutionState> state;
  if (!rows->empty()) state = ExecutionState{rows->int4(0, 0), rows->text(0, 1), rows->boolean(0, 2)};
  co_return state;
}

awaitable<Result<std::optional<std::pair<ExecutionRow, std::vector<std::string>>>>> Executions::find_with_journal(
    Uuid id) {
  std::vector<Query> queries;
  queries.push_back({&kFind, of(id)});
  queries.push_back({&kJournal, of(id)});
  Result<std::vector<ResultSet>> results = co_await run_on(pool_, std::move(queries), Grouping::separate);
  if (!results) co_return fail(std::move(results.error()));
  std::optional<std::pair<ExecutionRow, std::vector<std::string>>> found;
  const ResultSet& rows = results->front();
  const ResultSet& journal = results->back();
  if (rows.empty()) co_return found;
  found.emplace(any_row(rows, 0), std::vector<std::string>());
  for (int row = 0; row < journal.rows(); ++row) {
    if (journal.int4(row, 0) == found->first.run) found->second.push_back(journal.text(row, 1));
  }
  co_return found;
}

awaitable<Result<std::vector<ExecutionRow>>> Executions::ended(std::vector<Uuid> ids) {
  std::vector<ExecutionRow> found;
  if (ids.empty()) co_return found;
  Params params;
  params.add(std::span<const Uuid>(ids));
  Result<ResultSet> rows = co_await run_on(pool_, kEnded, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  for (int row = 0; row < rows->rows(); ++row) found.push_back(ended_row(*rows, row));
  co_return found;
}

awaitable<Result<std::vector<LiveExecution>>> Executions::load_live(std::vector<Uuid> ids) {
  Params params;
  params.add(std::span<const Uuid>(ids));
  co_return co_await load(pool_, kLiveByIds, std::move(params));
}

awaitable<Result<std::vector<std::pair<Uuid, int>>>> Executions::live_ids(std::vector<int> partitions, Timestamp before,
                                                                          Uuid after, int limit) {
  Params params;
  params.add(std::span<const int>(partitions)).add(before).add(after).add(std::int64_t{limit});
  Result<ResultSet> rows = co_await run_on(pool_, kLiveIds, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<std::pair<Uuid, int>> ids;
  for (int row = 0; row < rows->rows(); ++row) ids.emplace_back(rows->uuid(row, 0), rows->int4(row, 1));
  co_return ids;
}

awaitable<Result<std::vector<DueTimer>>> Executions::timers_before(std::vector<int> partitions, Timestamp before,
                                                                   TimerPosition after, int limit) {
  Params params;
  params.add(std::span<const int>(partitions)).add(before).add(after.fire_at).add(after.execution_id);
  params.add(std::int64_t{limit});
  Result<ResultSet> rows = co_await run_on(pool_, kTimers, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<DueTimer> timers;
  for (int row = 0; row < rows->rows(); ++row) {
    DueTimer& timer = timers.emplace_back();
    timer.execution_id = rows->uuid(row, 0);
    timer.node_id = rows->text(row, 1);
    timer.partition = rows->int4(row, 2);
    timer.fire_at = rows->time(row, 3);
  }
  co_return timers;
}

awaitable<Result<std::vector<LimitedRun>>> Executions::limited_runs(std::vector<int> partitions) {
  Params params;
  params.add(std::span<const int>(partitions));
  Result<ResultSet> rows = co_await run_on(pool_, kLimitedRuns, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<LimitedRun> runs;
  for (int row = 0; row < rows->rows(); ++row)
    runs.push_back({rows->uuid(row, 0), rows->int4(row, 1), rows->uuid(row, 2), rows->text(row, 3)});
  co_return runs;
}

awaitable<Result<std::vector<Timestamp>>> Executions::starts_since(Uuid workflow_id, std::string key, Timestamp since,
                                                                   int limit) {
  Params params;
  params.add(workflow_id).add(std::move(key)).add(since).add(std::int64_t{limit});
  Result<ResultSet> rows = co_await run_on(pool_, kStartsSince, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<Timestamp> starts;
  for (int row = 0; row < rows->rows(); ++row) starts.push_back(rows->time(row, 0));
  co_return starts;
}

awaitable<Result<std::optional<std::string>>> Executions::input(Uuid id) {
  Result<ResultSet> rows = co_await run_on(pool_, kInput, of(id));
  if (!rows) co_return fail(std::move(rows.error()));
  std::optional<std::string> input;
  if (!rows->empty()) input = rows->text(0, 0);
  co_return input;
}

awaitable<Result<std::vector<std::string>>> Executions::journal(Uuid id) {
  Result<ResultSet> rows = co_await run_on(pool_, kLiveJournal, of(id));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<std::string> entries;
  for (int row = 0; row < rows->rows(); ++row) entries.push_back(rows->text(row, 0));
  co_return entries;
}

awaitable<Result<std::vector<std::string>>> Executions::whole_journal(Uuid id, int run) {
  std::vector<Query> queries;
  for (const Statement* statement : {&kRunJournal, &kRunTrace}) {
    Params params = of(id);
    params.add(std::int32_t{run});
    queries.push_back({statement, std::move(params)});
  }
  Result<std::vector<ResultSet>> results = co_await run_on(pool_, std::move(queries), Grouping::separate);
  if (!results) co_return fail(std::move(results.error()));
  std::vector<std::string> entries;
  for (const ResultSet& rows : *results) {
    for (int row = 0; row < rows.rows(); ++row) entries.push_back(rows.text(row, 0));
  }
  co_return entries;
}

awaitable<Result<bool>> Executions::begin_again(Uuid id, int partition) {
  Params params = of(id);
  params.add(std::int32_t{partition});
  Result<ResultSet> rows = co_await run_on(pool_, kBeginAgain, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  co_return !rows->empty();
}

awaitable<Result<std::int64_t>> Executions::count_pending(std::int64_t most) {
  Params params;
  params.add(most);
  Result<ResultSet> rows = co_await run_on(pool_, kCountPending, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  co_return rows->int8(0, 0);
}

awaitable<Result<void>> Executions::ensure_day_partitions(int days_ahead) {
  Params days;
  days.add(std::int32_t{days_ahead + 1});
  std::vector<Query> queries;
  queries.push_back({&kShortLock, {}});
  queries.push_back({&kOneAtATime, {}});
  queries.push_back({&kDayPartitions, std::move(days)});
  Result<std::vector<ResultSet>> done = co_await run_on(pool_, std::move(queries), Grouping::transaction);
  if (!done) co_return fail(std::move(done.error()));
  co_return Result<void>();
}

}  // namespace r8r::store
