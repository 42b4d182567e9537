#include "common/store/integrity.hpp"

#include <fmt/format.h>

#include "common/store/pool_lease.hpp"

namespace r8r::store {
namespace {

// One statement, one moment: what moves from table to table is seen in one of them.
constexpr Statement kCheck{
    "check_integrity",
    "select "
    "(select count(*) from live_executions l where not exists (select 1 from workflow_versions v "
    "where v.workflow_id = l.workflow_id and v.version = l.workflow_version)), "
    "(select count(*) from (select distinct execution_id from (select execution_id from journal "
    "order by execution_id desc limit $1) newest) j "
    "where not exists (select 1 from live_executions l where l.id = j.execution_id) "
    "and not exists (select 1 from executions x where x.id = j.execution_id)), "
    "(select count(*) from workflow_versions v where not exists (select 1 from workflows w where w.id = "
    "v.workflow_id)), "
    "(select count(*) from timers t where not exists (select 1 from live_executions l where l.id = t.execution_id)), "
    "(select count(*) from workflows w where not exists (select 1 from workflow_versions v "
    "where v.workflow_id = w.id and v.version = w.version)), "
    "(select count(*) from live_executions l join executions x on x.id = l.id and x.run = l.run)"};

}  // namespace

std::string Integrity::first_problem() const {
  if (ended_and_live > 0) return fmt::format("{} executions are live and ended at once", ended_and_live);
  if (broken_workflows > 0) return fmt::format("{} workflows have no current version", broken_workflows);
  if (orphaned_executions > 0) return fmt::format("{} live executions have no workflow version", orphaned_executions);
  if (orphaned_node_executions > 0) return fmt::format("{} journals have no execution", orphaned_node_executions);
  if (orphaned_workflow_versions > 0)
    return fmt::format("{} workflow versions have no workflow", orphaned_workflow_versions);
  if (orphaned_timers > 0) return fmt::format("{} timers have no live execution", orphaned_timers);
  return "ok";
}

awaitable<Result<Integrity>> check_integrity(Pool& pool, std::int64_t executions) {
  Params params;
  params.add(executions);
  Result<ResultSet> rows = co_await run_on(pool, kCheck, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  Integrity found;
  found.orphaned_executions = rows->int8(0, 0);
  found.orphaned_node_executions = rows->int8(0, 1);
  found.orphaned_workflow_versions = rows->int8(0, 2);
  found.orphaned_timers = rows->int8(0, 3);
  found.broken_workflows = rows->int8(0, 4);
  found.ended_and_live = rows->int8(0, 5);
  co_return found;
}

}  // namespace r8r::store
