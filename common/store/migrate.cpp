#include <fmt/format.h>

#include <map>

#include "common/base/log.hpp"
#include "common/store/executions.hpp"
#include "common/store/migrations.hpp"
#include "common/store/pool_lease.hpp"

namespace r8r::store {
namespace {

// Session lock; its key is of the one-number kind, far above any incarnation.
constexpr Statement kLock{"migration_lock", "select pg_advisory_lock(x'72387201'::bigint)"};
constexpr Statement kUnlock{"migration_unlock", "select pg_advisory_unlock(x'72387201'::bigint)"};
constexpr Statement kNoTimeout{"migration_no_timeout", "select set_config('statement_timeout', '0', false)"};
constexpr Statement kTableExists{"migration_table_exists", "select to_regclass('schema_migrations') is not null"};
constexpr Statement kApplied{"migrations_applied",
                             "select number, name, checksum from schema_migrations order by number"};
constexpr Statement kChecksum{"migration_checksum", "select encode(sha256(convert_to($1::text, 'UTF8')), 'hex')"};
constexpr Statement kFixPartitions{
    "fix_partitions",
    "insert into settings (name, value) values ('partitions', $1::int4::text) on conflict (name) do nothing"};
constexpr Statement kFillPartitions{"fill_partitions",
                                    "insert into partitions (id) select generate_series(0, (select value::int4 from "
                                    "settings where name = 'partitions') - 1) "
                                    "on conflict (id) do nothing"};
constexpr Statement kPartitions{"partition_count", "select value::int4 from settings where name = 'partitions'"};

constexpr std::chrono::minutes kLongest{10};
constexpr int kDaysAhead = 2;

struct Applied {
  std::string name;
  std::string checksum;
};

awaitable<Result<std::map<int, Applied>>> read_applied(Connection& connection) {
  std::map<int, Applied> applied;
  Result<ResultSet> exists = co_await connection.run_one(kTableExists, kLongest);
  if (!exists) co_return fail(std::move(exists.error()));
  if (!exists->boolean(0, 0)) {
    Result<void> made = co_await connection.run_script(
        "create table schema_migrations (number integer primary key, name text not null, checksum text not null, "
        "applied_at timestamptz not null default now())",
        kLongest);
    if (!made) co_return fail(std::move(made.error()));
    co_return applied;
  }
  Result<ResultSet> rows = co_await connection.run_one(kApplied, kLongest);
  if (!rows) co_return fail(std::move(rows.error()));
  for (int row = 0; row < rows->rows(); ++row) {
    applied.emplace(rows->int4(row, 0), Applied{rows->text(row, 1), rows->text(row, 2)});
  }
  co_return applied;
}

awaitable<Result<void>> apply_one(Connection& connection, const Migration& migration,
                                  const std::map<int, Applied>& applied) {
  Params text;
  text.add(migration.sql);
  Query query{&kChecksum, std::move(text)};
  Result<ResultSet> sum = co_await connection.run_one(std::move(query), kLongest);
  if (!sum) co_return fail(std::move(sum.error()));
  const std::string checksum = sum->text(0, 0);

  if (const auto found = applied.find(migration.number); found != applied.end()) {
    if (found->second.checksum == checksum) co_return Result<void>();
    co_return fail(
        ErrorCode::config_error,
        fmt::format("migration {} ({}) of the database is not the one in this program; use the version of the program "
                    "that made the database, or a database of its own",
                    migration.number, found->second.name));
  }
  // One text, one transaction: the migration and the note that it was applied. Name and checksum are plain words.
  std::string script =
      fmt::format("{}\n;insert into schema_migrations (number, name, checksum) values ({}, '{}', '{}')", migration.sql,
                  migration.number, migration.name, checksum);
  Result<void> done = co_await connection.run_script(std::move(script), kLongest);
  if (!done) co_return fail(std::move(done.error()));
  log::info("migration applied", {{"number", migration.number}, {"name", migration.name}});
  co_return Result<void>();
}

awaitable<Result<int>> apply_all(Connection& connection, int partitions) {
  Result<std::map<int, Applied>> applied = co_await read_applied(connection);
  if (!applied) co_return fail(std::move(applied.error()));
  const std::vector<Migration>& all = embedded_migrations();
  if (!applied->empty() && applied->rbegin()->first > all.back().number) {
    co_return fail(
        ErrorCode::config_error,
        fmt::format(
            "the database has schema {} but this program knows only up to {}; use a newer version of the program",
            applied->rbegin()->first, all.back().number));
  }
  for (const Migration& migration : all) {
    Result<void> done = co_await apply_one(connection, migration, *applied);
    if (!done) co_return fail(std::move(done.error()));
  }

  Params count;
  count.add(partitions);
  std::vector<Query> queries;
  queries.push_back({&kFixPartitions, std::move(count)});
  queries.push_back({&kFillPartitions, {}});
  queries.push_back({&kPartitions, {}});
  Result<std::vector<ResultSet>> fixed = co_await connection.run(std::move(queries), Grouping::transaction, kLongest);
  if (!fixed) co_return fail(std::move(fixed.error()));
  co_return fixed->back().int4(0, 0);
}

}  // namespace

awaitable<Result<int>> migrate(Pool& pool, int partitions) {
  Result<int> result = 0;
  {
    Result<Pool::Lease> lease = co_await pool.acquire();
    if (!lease) co_return fail(std::move(lease.error()));
    Connection& connection = **lease;
    std::vector<Query> begin;
    begin.push_back({&kNoTimeout, {}});
    begin.push_back({&kLock, {}});
    Result<std::vector<ResultSet>> locked = co_await connection.run(std::move(begin), Grouping::separate, kLongest);
    if (!locked) co_return fail(std::move(locked.error()));
    result = co_await apply_all(connection, partitions);
    if (!connection.broken()) co_await connection.run_one(kUnlock, kLongest);
    // It has no statement timeout any more; and closing it ends the lock whatever happened.
    connection.discard();
  }
  if (!result) co_return result;
  Executions executions(pool);
  Result<void> days = co_await executions.ensure_day_partitions(kDaysAhead);
  if (!days) log::warn("the daily partitions could not be made now", {{"error", days.error().message}});
  co_return result;
}

}  // namespace r8r::store
