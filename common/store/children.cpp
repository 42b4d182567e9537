#include "common/store/children.hpp"

#include "common/store/pool_lease.hpp"

namespace r8r::store {
namespace {

constexpr Statement kEnded{"children_ended",
                           "select id, status, output, error from executions where id = any($1) and run = 1"};
constexpr Statement kLiving{"children_living", "select id, partition from live_executions where id = any($1)"};
constexpr Statement kAbandoned{"children_abandoned",
                               "select l.id from live_executions l where l.id = any($1) and l.parent_partition is not "
                               "null and not exists (select 1 from awaited_children a where a.child_id = l.id)"};
constexpr Statement kOverlooked{
    "children_overlooked",
    "(select a.execution_id, a.partition from awaited_children a join executions x on x.id = a.child_id and x.run = 1 "
    "where a.partition = any($1) limit $2) union all "
    "(select l.id, l.partition from live_executions l where l.partition = any($1) and l.parent_partition is not null "
    "and not exists (select 1 from awaited_children a where a.child_id = l.id) limit $2)"};

Params of(const std::vector<Uuid>& ids) {
  Params params;
  params.add(std::span<const Uuid>(ids));
  return params;
}

std::vector<std::pair<Uuid, int>> places(const ResultSet& rows) {
  std::vector<std::pair<Uuid, int>> found;
  for (int row = 0; row < rows.rows(); ++row) found.emplace_back(rows.uuid(row, 0), rows.int4(row, 1));
  return found;
}

}  // namespace

awaitable<Result<std::vector<ChildEnding>>> Children::ended(std::vector<Uuid> ids) {
  Result<ResultSet> rows = co_await run_on(pool_, kEnded, of(ids));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<ChildEnding> found;
  for (int row = 0; row < rows->rows(); ++row) {
    found.push_back({rows->uuid(row, 0), rows->text(row, 1), rows->optional_text(row, 2), rows->optional_text(row, 3)});
  }
  co_return found;
}

awaitable<Result<std::vector<std::pair<Uuid, int>>>> Children::living(std::vector<Uuid> ids) {
  Result<ResultSet> rows = co_await run_on(pool_, kLiving, of(ids));
  if (!rows) co_return fail(std::move(rows.error()));
  co_return places(*rows);
}

awaitable<Result<std::vector<Uuid>>> Children::abandoned(std::vector<Uuid> ids) {
  Result<ResultSet> rows = co_await run_on(pool_, kAbandoned, of(ids));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<Uuid> found;
  for (int row = 0; row < rows->rows(); ++row) found.push_back(rows->uuid(row, 0));
  co_return found;
}

awaitable<Result<std::vector<std::pair<Uuid, int>>>> Children::overlooked(std::vector<int> partitions, int limit) {
  Params params;
  params.add(std::span<const int>(partitions)).add(std::int64_t{limit});
  Result<ResultSet> rows = co_await run_on(pool_, kOverlooked, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  co_return places(*rows);
}

}  // namespace r8r::store
