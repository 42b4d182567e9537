#include "common/store/retention.hpp"

#include "common/base/log.hpp"
#include "common/store/pool_lease.hpp"

namespace r8r::store {
namespace {

using std::chrono::minutes;

// Session lock; of the one-number kind, beside that of the migrations.
constexpr Statement kTryLock{"retention_lock", "select pg_try_advisory_lock(x'72387203'::bigint)"};
constexpr Statement kUnlock{"retention_unlock", "select pg_advisory_unlock(x'72387203'::bigint)"};
// Writers queue behind us while we wait for a table: rather later than for long.
constexpr Statement kPatience{"retention_patience",
                              "select set_config('lock_timeout', '1000', false), "
                              "set_config('statement_timeout', '600000', false)"};
constexpr Statement kOldPartitions{"retention_old_partitions",
                                   "select base, partition, to_char(day, 'YYYY-MM-DD') from old_day_partitions($1) "
                                   "where not day_is_kept(day, $1, $2)"};
constexpr Statement kDrop{"retention_drop", "select drop_day_partition($1, $2, $3::date, $4, $5)"};
constexpr Statement kOldHistory{"retention_old_history",
                                "select partition, workflow, ended_before from old_history($1, $2)"};
constexpr Statement kDeleteHistory{"retention_delete_history",
                                   "select seen, deleted from delete_old_history($1, $2, $3, $4::int4)"};
constexpr Statement kOldRows{"retention_old_rows", "select delete_old_rows($1)"};
constexpr Statement kOldKeys{"retention_old_keys",
                             "with old as (select key from idempotency_keys where created_at < $1 limit 10000) "
                             "delete from idempotency_keys k using old where k.key = old.key"};
constexpr Statement kCountRows{
    "retention_count_rows",
    "with dropped as materialized (select partition from old_day_partitions($1) where not day_is_kept(day, $1, $2)) "
    "select (select count(*) from old_history($1, $2) o join executions x on x.workflow_name = o.workflow "
    "and x.started_at < o.ended_before and x.finished_at < o.ended_before "
    "and o.partition in ('executions', x.tableoid::regclass::text) "
    "where x.tableoid::regclass::text not in (select partition from dropped) "
    "and not exists (select 1 from live_executions l where l.id = x.id)) + "
    "(select count(*) from executions_other x where x.finished_at < $1 "
    "and not exists (select 1 from live_executions l where l.id = x.id) "
    "and not exists (select 1 from workflows w where w.name = x.workflow_name and w.retention_days is not null)) + "
    "(select count(*) from journal_other j where not exists (select 1 from live_executions l where l.id = "
    "j.execution_id) and not exists (select 1 from executions x where x.id = j.execution_id)) + "
    "(select count(*) from payloads_other p where not exists (select 1 from live_executions l where l.id = "
    "p.execution_id) and not exists (select 1 from executions x where x.id = p.execution_id))"};
constexpr Statement kCountKeys{"retention_count_keys", "select count(*) from idempotency_keys where created_at < $1"};

constexpr minutes kLongest{11};
// Executions that one statement deletes: it is short, and others get their turn.
constexpr std::int32_t kPage = 1'000;

Query with_time(const Statement& statement, Timestamp time) {
  Params params;
  params.add(time);
  return {&statement, std::move(params)};
}

Query with_times(const Statement& statement, Timestamp until, Timestamp now) {
  Params params;
  params.add(until).add(now);
  return {&statement, std::move(params)};
}

}  // namespace

awaitable<Result<RetentionReport>> Retention::run(RetentionRules rules, Timestamp now) {
  RetentionReport report;
  Result<Pool::Lease> lease = co_await pool_.acquire();
  if (!lease) co_return fail(std::move(lease.error()));
  Connection& connection = **lease;
  Result<ResultSet> locked = co_await connection.run_one(kTryLock, kLongest);
  if (!locked) co_return fail(std::move(locked.error()));
  if (!locked->boolean(0, 0)) {
    report.busy = true;
    co_return report;
  }
  Result<void> done = co_await clean(connection, rules, now, report);
  if (!connection.broken()) co_await connection.run_one(kUnlock, kLongest);
  // Its timeouts are not the pool's any more; and closing it ends the lock whatever happened.
  connection.discard();
  if (!done) co_return fail(std::move(done.error()));
  co_return report;
}

awaitable<Result<void>> Retention::clean(Connection& connection, RetentionRules rules, Timestamp now,
                                         RetentionReport& report) {
  Result<ResultSet> patience = co_await connection.run_one(kPatience, kLongest);
  if (!patience) co_return fail(std::move(patience.error()));
  // Without a limit nothing is old, but what belongs to nobody goes all the same.
  Timestamp until{};
  if (rules.days > 0) {
    until = now - std::chrono::hours(24) * rules.days;
    Result<void> dropped = co_await drop_partitions(connection, until, now, report);
    if (!dropped) co_return dropped;
  }
  Result<void> deleted = co_await delete_history(connection, until, now, report);
  if (!deleted) co_return deleted;
  Query query = with_time(kOldRows, until);
  Result<ResultSet> rows = co_await connection.run_one(std::move(query), kLongest);
  if (!rows) co_return fail(std::move(rows.error()));
  report.rows += rows->int8(0, 0);
  co_return co_await delete_keys(connection, now - rules.idempotency_ttl, report);
}

awaitable<Result<void>> Retention::drop_partitions(Connection& connection, Timestamp until, Timestamp now,
                                                   RetentionReport& report) {
  Query query = with_times(kOldPartitions, until, now);
  Result<ResultSet> old = co_await connection.run_one(std::move(query), kLongest);
  if (!old) co_return fail(std::move(old.error()));
  for (int row = 0; row < old->rows(); ++row) {
    const std::string partition = old->text(row, 1);
    Params params;
    params.add(old->text(row, 0)).add(partition).add(old->text(row, 2)).add(until).add(now);
    Query drop{&kDrop, std::move(params)};
    Result<ResultSet> dropped = co_await connection.run_one(std::move(drop), kLongest);
    if (dropped && !dropped->is_null(0, 0)) {
      report.partitions.push_back(partition);
      report.carried_over += dropped->int8(0, 0);
      continue;
    }
    report.postponed.push_back(partition);
    if (!dropped && !connection.reusable()) co_return fail(std::move(dropped.error()));
    if (!dropped)
      log::warn("a day could not be dropped now", {{"partition", partition}, {"error", connection.last_error()}});
  }
  co_return Result<void>();
}

awaitable<Result<void>> Retention::delete_history(Connection& connection, Timestamp until, Timestamp now,
                                                  RetentionReport& report) {
  Query query = with_times(kOldHistory, until, now);
  Result<ResultSet> old = co_await connection.run_one(std::move(query), kLongest);
  if (!old) co_return fail(std::move(old.error()));
  for (int row = 0; row < old->rows(); ++row) {
    std::int64_t seen = kPage;
    while (seen >= kPage) {
      Params params;
      params.add(old->text(row, 0)).add(old->text(row, 1)).add(old->time(row, 2)).add(kPage);
      Query page{&kDeleteHistory, std::move(params)};
      Result<ResultSet> deleted = co_await connection.run_one(std::move(page), kLongest);
      if (!deleted) co_return fail(std::move(deleted.error()));
      seen = deleted->int8(0, 0);
      report.rows += deleted->int8(0, 1);
    }
  }
  co_return Result<void>();
}

awaitable<Result<void>> Retention::delete_keys(Connection& connection, Timestamp until, RetentionReport& report) {
  while (true) {
    Query query = with_time(kOldKeys, until);
    Result<ResultSet> deleted = co_await connection.run_one(std::move(query), kLongest);
    if (!deleted) co_return fail(std::move(deleted.error()));
    report.idempotency_keys += deleted->affected();
    if (deleted->affected() < 10'000) co_return Result<void>();
  }
}

awaitable<Result<RetentionReport>> Retention::preview(RetentionRules rules, Timestamp now) {
  RetentionReport report;
  Timestamp until{};
  if (rules.days > 0) until = now - std::chrono::hours(24) * rules.days;
  std::vector<Query> queries;
  queries.push_back(with_times(kOldPartitions, until, now));
  queries.push_back(with_times(kCountRows, until, now));
  Result<std::vector<ResultSet>> results = co_await run_on(pool_, std::move(queries), Grouping::separate);
  if (!results) co_return fail(std::move(results.error()));
  const ResultSet& old = results->front();
  for (int row = 0; row < old.rows(); ++row) report.partitions.push_back(old.text(row, 1));
  report.rows = results->back().int8(0, 0);
  Query query = with_time(kCountKeys, now - rules.idempotency_ttl);
  Result<ResultSet> keys = co_await run_on(pool_, *query.statement, std::move(query.params));
  if (!keys) co_return fail(std::move(keys.error()));
  report.idempotency_keys = keys->int8(0, 0);
  co_return report;
}

}  // namespace r8r::store
