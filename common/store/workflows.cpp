#include "common/store/workflows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "common/store/pool_lease.hpp"
#include "common/store/storable_text.hpp"

namespace r8r::store {
namespace {

#define R8R_WORKFLOW_COLUMNS                                                                                       \
  "w.id, w.name, w.description, w.enabled, w.version, w.node_count, w.trigger_count, w.created_at, w.updated_at, " \
  "w.created_by, w.retention_days"
constexpr int kWorkflowColumns = 11;

constexpr Statement kList{"workflow_list",
                          "select " R8R_WORKFLOW_COLUMNS " from workflows w order by w.name limit 10000"};
constexpr Statement kListTriggered{"workflow_list_triggered", "select " R8R_WORKFLOW_COLUMNS
                                                              " from workflows w where w.enabled and w.trigger_count > "
                                                              "0"};
constexpr Statement kTriggeredByIds{"workflow_triggered_by_ids",
                                    "select " R8R_WORKFLOW_COLUMNS
                                    " from workflows w where w.enabled and w.trigger_count > 0 and w.id = any($1)"};
constexpr Statement kFind{"workflow_find", "select " R8R_WORKFLOW_COLUMNS
                                           ", v.version, v.definition from workflows w join workflow_versions v "
                                           "on v.workflow_id = w.id and v.version = w.version where w.name = $1"};
constexpr Statement kCurrent{"workflow_current", "select " R8R_WORKFLOW_COLUMNS " from workflows w where w.name = $1"};
constexpr Statement kFindVersion{"workflow_find_version",
                                 "select " R8R_WORKFLOW_COLUMNS
                                 ", v.version, v.definition from workflows w join workflow_versions v "
                                 "on v.workflow_id = w.id and v.version = $2 where w.name = $1"};
constexpr Statement kDefinition{"workflow_definition",
                                "select definition from workflow_versions where workflow_id = $1 and version = $2"};
constexpr Statement kBegin{"workflow_save_begin", "begin"};
constexpr Statement kCommit{"workflow_save_commit", "commit"};
constexpr Statement kRollback{"workflow_save_rollback", "rollback"};
// Two who save the same name, new or not, go one after the other. Two-number locks have a key space of their own.
constexpr Statement kLockName{"workflow_lock_name", "select pg_advisory_xact_lock(x'72387203'::int4, hashtext($1))"};
constexpr Statement kInsert{"workflow_insert",
                            "insert into workflows (id, name, description, enabled, version, node_count, "
                            "trigger_count, created_at, updated_at, retention_days, created_by) "
                            "values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9::int4, $10)"};
constexpr Statement kUpdate{
    "workflow_update",
    "update workflows set description = $2, enabled = $3, version = $4, node_count = $5, trigger_count = $6, "
    "updated_at = $7, retention_days = $8::int4 where id = $1"};
constexpr Statement kInsertVersion{
    "workflow_insert_version",
    "insert into workflow_versions (workflow_id, version, definition, checksum, created_at, created_by, changelog) "
    "values ($1, $2, $3, encode(sha256(convert_to($3, 'UTF8')), 'hex'), $4, $5, $6)"};

constexpr Statement kDependencies{"workflow_dependencies",
                                  "select d.upstream, d.status, d.within_ms from workflow_dependencies d "
                                  "join workflows w on w.id = d.workflow_id where w.name = $1"};
// Two that are saved at once cannot close a cycle that neither sees.
constexpr Statement kLockDependencies{"workflow_lock_dependencies",
                                      "select pg_advisory_xact_lock(x'72387204'::int4, 0)"};
// Who depends on whom, of all that these names depend on.
constexpr Statement kUpstream{"workflow_upstream",
                              "with recursive reached(name) as (select unnest($1) union select d.upstream "
                              "from reached r join workflows w on w.name = r.name "
                              "join workflow_dependencies d on d.workflow_id = w.id) "
                              "select w.name, d.upstream from reached r join workflows w on w.name = r.name "
                              "join workflow_dependencies d on d.workflow_id = w.id"};
constexpr Statement kPartitionCount{"workflow_partition_count",
                                    "select value::int4 from settings where name = 'partitions'"};
constexpr Statement kDropDependencies{"workflow_drop_dependencies",
                                      "delete from workflow_dependencies where workflow_id = $1"};
constexpr Statement kInsertDependencies{
    "workflow_insert_dependencies",
    "insert into workflow_dependencies (workflow_id, partition, upstream, status, within_ms) "
    "select $1, $2, e.upstream, e.status, e.within_ms from unnest($3, $4, $5) as e(upstream, status, within_ms)"};
constexpr Statement kDropEndings{"workflow_drop_endings", "delete from upstream_endings where workflow_id = $1"};

WorkflowRow workflow_of(const ResultSet& rows, int row) {
  WorkflowRow workflow;
  workflow.id = rows.uuid(row, 0);
  workflow.name = rows.text(row, 1);
  workflow.description = rows.text(row, 2);
  workflow.enabled = rows.boolean(row, 3);
  workflow.version = rows.int4(row, 4);
  workflow.node_count = rows.int4(row, 5);
  workflow.trigger_count = rows.int4(row, 6);
  workflow.created_at = rows.time(row, 7);
  workflow.updated_at = rows.time(row, 8);
  workflow.created_by = rows.text(row, 9);
  if (!rows.is_null(row, 10)) workflow.retention_days = rows.int4(row, 10);
  return workflow;
}

Params of(const std::string& name) {
  Params params;
  params.add(name);
  return params;
}

Params of(const Uuid& id) {
  Params params;
  params.add(id);
  return params;
}

std::vector<DependsOn> dependencies_of(const ResultSet& rows) {
  std::vector<DependsOn> all;
  for (int row = 0; row < rows.rows(); ++row) {
    DependsOn& one = all.emplace_back(DependsOn{rows.text(row, 0), rows.text(row, 1), std::nullopt});
    if (!rows.is_null(row, 2)) one.within = std::chrono::milliseconds(rows.int8(row, 2));
  }
  return all;
}

bool same_dependencies(std::vector<DependsOn> a, std::vector<DependsOn> b) {
  const auto by_name = [](const DependsOn& left, const DependsOn& right) { return left.upstream < right.upstream; };
  std::sort(a.begin(), a.end(), by_name);
  std::sort(b.begin(), b.end(), by_name);
  return a == b;
}

// The shortest way from the workflow back to itself, in the direction of the data: each starts the next. Empty: none.
std::string find_cycle(const SaveWorkflow& wanted, const ResultSet& edges) {
  std::unordered_map<std::string, std::vector<std::string>> upstream;
  for (int row = 0; row < edges.rows(); ++row) upstream[edges.text(row, 0)].push_back(edges.text(row, 1));
  // What it depended on so far does not count.
  std::vector<std::string>& own = upstream[wanted.name];
  own.clear();
  for (const DependsOn& one : wanted.depends_on) own.push_back(one.upstream);

  std::unordered_map<std::string, std::string> starts;  // → which it starts, on the way to `wanted`
  std::deque<std::string> next{wanted.name};
  while (!next.empty()) {
    const std::string name = std::move(next.front());
    next.pop_front();
    const auto found = upstream.find(name);
    if (found == upstream.end()) continue;
    for (const std::string& other : found->second) {
      if (other == wanted.name) {
        std::string way = wanted.name;
        for (std::string at = name; at != wanted.name; at = starts.at(at)) way += " → " + at;
        return way + " → " + wanted.name;
      }
      if (starts.emplace(other, name).second) next.push_back(other);
    }
  }
  return {};
}

Query insert_dependencies(const Uuid& id, int partitions, const std::vector<DependsOn>& depends_on) {
  Column upstream(Type::text), status(Type::text), within(Type::int8);
  for (const DependsOn& one : depends_on) {
    upstream.add(one.upstream);
    status.add(one.status);
    within.add(one.within ? std::optional(std::int64_t{one.within->count()}) : std::nullopt);
  }
  Params params;
  params.add(id).add(std::int32_t{partition_of(id, partitions)});
  params.add(std::move(upstream)).add(std::move(status)).add(std::move(within));
  return {&kInsertDependencies, std::move(params)};
}

struct Change {
  SavedWorkflow saved;
  bool new_dependencies = false;
  std::vector<Query> queries;
};

/// What a save writes, given what is stored (no rows: nothing yet), up to its new dependencies.
Result<Change> change_of(const SaveWorkflow& wanted, const ResultSet& stored, const ResultSet& dependencies) {
  const int current = stored.empty() ? 0 : stored.int4(0, 4);
  if (wanted.if_version && *wanted.if_version != current) {
    return fail(ErrorCode::version_conflict,
                current == 0
                    ? fmt::format("workflow '{}' does not exist, but version {} of it was expected", wanted.name,
                                  *wanted.if_version)
                    : fmt::format("workflow '{}' is at version {} now, not {}; get it again and repeat the change",
                                  wanted.name, current, *wanted.if_version));
  }
  Change change;
  WorkflowRow& row = change.saved.row;
  const Timestamp now = wall_now();
  const bool is_new = stored.empty();
  const bool new_text = is_new || stored.text_view(0, kWorkflowColumns + 1) != wanted.definition;
  if (is_new) {
    row.id = Uuid::v7();
    row.name = wanted.name;
    row.created_at = now;
    row.created_by = wanted.created_by;
    change.new_dependencies = !wanted.depends_on.empty();
  } else {
    row = workflow_of(stored, 0);
    change.new_dependencies = !same_dependencies(wanted.depends_on, dependencies_of(dependencies));
    if (!new_text && !change.new_dependencies && row.description == wanted.description &&
        row.enabled == wanted.enabled && row.node_count == wanted.node_count &&
        row.trigger_count == wanted.trigger_count && row.retention_days == wanted.retention_days) {
      change.saved.outcome = SaveOutcome::unchanged;
      return change;
    }
  }
  change.saved.outcome = is_new ? SaveOutcome::created : SaveOutcome::changed;
  row.description = wanted.description;
  row.enabled = wanted.enabled;
  row.version = current + (new_text ? 1 : 0);
  row.node_count = wanted.node_count;
  row.trigger_count = wanted.trigger_count;
  row.updated_at = now;
  row.retention_days = wanted.retention_days;

  Params params;
  params.add(row.id);
  if (is_new) params.add(row.name);
  params.add(row.description).add(row.enabled).add(row.version).add(row.node_count).add(row.trigger_count).add(now);
  if (row.retention_days) {
    params.add(std::int32_t{*row.retention_days});
  } else {
    params.add_null(Type::int4);
  }
  if (is_new) params.add(row.created_by);
  change.queries.push_back({is_new ? &kInsert : &kUpdate, std::move(params)});
  if (new_text) {
    Params version;
    version.add(row.id).add(row.version).add(wanted.definition).add(now).add(wanted.created_by).add(wanted.changelog);
    change.queries.push_back({&kInsertVersion, std::move(version)});
  }
  if (!is_new && change.new_dependencies) change.queries.push_back({&kDropDependencies, of(row.id)});
  if (!is_new && (change.new_dependencies || !row.enabled)) change.queries.push_back({&kDropEndings, of(row.id)});
  return change;
}

}  // namespace

awaitable<Result<std::vector<WorkflowRow>>> Workflows::list() {
  Result<ResultSet> rows = co_await run_on(pool_, kList);
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<WorkflowRow> workflows;
  for (int row = 0; row < rows->rows(); ++row) workflows.push_back(workflow_of(*rows, row));
  co_return workflows;
}

awaitable<Result<std::vector<WorkflowRow>>> Workflows::list_triggered(std::optional<std::vector<Uuid>> ids) {
  Params params;
  if (ids) params.add(std::span<const Uuid>(*ids));
  const Statement& statement = ids ? kTriggeredByIds : kListTriggered;
  Result<ResultSet> rows = co_await run_on(pool_, statement, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<WorkflowRow> workflows;
  for (int row = 0; row < rows->rows(); ++row) workflows.push_back(workflow_of(*rows, row));
  co_return workflows;
}

awaitable<Result<std::optional<WorkflowWithDefinition>>> Workflows::find(std::string name, std::optional<int> version) {
  std::optional<WorkflowWithDefinition> found;
  if (!is_storable(name)) co_return found;
  Params params = of(name);
  if (version) params.add(*version);
  const Statement& statement = version ? kFindVersion : kFind;
  Result<ResultSet> rows = co_await run_on(pool_, statement, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  if (rows->empty()) co_return found;
  found.emplace();
  found->row = workflow_of(*rows, 0);
  found->definition_version = rows->int4(0, kWorkflowColumns);
  found->definition = rows->text(0, kWorkflowColumns + 1);
  co_return found;
}

awaitable<Result<std::optional<WorkflowRow>>> Workflows::current(std::string name) {
  Result<ResultSet> rows = co_await run_on(pool_, kCurrent, of(name));
  if (!rows) co_return fail(std::move(rows.error()));
  std::optional<WorkflowRow> found;
  if (!rows->empty()) found = workflow_of(*rows, 0);
  co_return found;
}

awaitable<Result<std::optional<std::string>>> Workflows::definition(Uuid workflow_id, int version) {
  Params params;
  params.add(workflow_id).add(version);
  Result<ResultSet> rows = co_await run_on(pool_, kDefinition, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::optional<std::string> definition;
  if (!rows->empty()) definition = rows->text(0, 0);
  co_return definition;
}

awaitable<Result<SavedWorkflow>> Workflows::save(SaveWorkflow request) {
  for (const DependsOn& one : request.depends_on) {
    if (!is_storable(one.upstream))
      co_return fail(ErrorCode::invalid_field, "the name of an upstream workflow holds a NUL byte or is not UTF-8");
  }
  for (const std::string* text :
       {&request.name, &request.description, &request.definition, &request.created_by, &request.changelog}) {
    if (!is_storable(*text))
      co_return fail(ErrorCode::invalid_field, "the workflow holds a NUL byte or text that is not UTF-8");
  }
  const std::chrono::milliseconds limit = pool_.options().statement_timeout;
  Result<Pool::Lease> lease = co_await pool_.acquire();
  if (!lease) co_return fail(std::move(lease.error()));
  Connection& connection = **lease;

  std::vector<Query> begin;
  begin.push_back({&kBegin, {}});
  begin.push_back({&kLockName, of(request.name)});
  begin.push_back({&kFind, of(request.name)});
  begin.push_back({&kDependencies, of(request.name)});
  Result<std::vector<ResultSet>> read = co_await connection.run(std::move(begin), Grouping::separate, limit);
  if (!read) co_return fail(std::move(read.error()));

  Result<Change> change = change_of(request, (*read)[2], (*read)[3]);
  if (change && change->new_dependencies && !request.depends_on.empty()) {
    Column names(Type::text);
    for (const DependsOn& one : request.depends_on) names.add(one.upstream);
    Params upstream;
    upstream.add(std::move(names));
    std::vector<Query> look;
    look.push_back({&kLockDependencies, {}});
    look.push_back({&kUpstream, std::move(upstream)});
    look.push_back({&kPartitionCount, {}});
    Result<std::vector<ResultSet>> seen = co_await connection.run(std::move(look), Grouping::separate, limit);
    if (!seen) co_return fail(std::move(seen.error()));
    if (const std::string cycle = find_cycle(request, (*seen)[1]); cycle.empty()) {
      change->queries.push_back(insert_dependencies(change->saved.row.id, (*seen)[2].int4(0, 0), request.depends_on));
    } else {
      change =
          fail(ErrorCode::invalid_workflow_definition, "the workflows would depend on each other in a cycle: " + cycle);
    }
  }
  std::vector<Query> finish;
  if (change) finish = std::move(change->queries);
  const bool writes = !finish.empty();
  finish.push_back({writes ? &kCommit : &kRollback, {}});
  Result<std::vector<ResultSet>> written = co_await connection.run(std::move(finish), Grouping::separate, limit);
  if (!change) co_return fail(std::move(change.error()));
  if (!written) co_return fail(std::move(written.error()));
  co_return std::move(change->saved);
}

}  // namespace r8r::store
