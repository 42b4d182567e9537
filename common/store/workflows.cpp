#include "common/store/workflows.hpp"

#include <fmt/format.h>

#include "common/store/pool_lease.hpp"
#include "common/store/storable_text.hpp"

namespace r8r::store {
namespace {

#define R8R_WORKFLOW_COLUMNS                                                                                       \
  "w.id, w.name, w.description, w.enabled, w.version, w.node_count, w.trigger_count, w.created_at, w.updated_at, " \
  "w.created_by"
constexpr int kWorkflowColumns = 10;

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
                            "trigger_count, created_at, updated_at, created_by) "
                            "values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)"};
constexpr Statement kUpdate{
    "workflow_update",
    "update workflows set description = $2, enabled = $3, version = $4, node_count = $5, trigger_count = $6, "
    "updated_at = $7 where id = $1"};
constexpr Statement kInsertVersion{
    "workflow_insert_version",
    "insert into workflow_versions (workflow_id, version, definition, checksum, created_at, created_by, changelog) "
    "values ($1, $2, $3, encode(sha256(convert_to($3, 'UTF8')), 'hex'), $4, $5, $6)"};

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
  return workflow;
}

Params of(const std::string& name) {
  Params params;
  params.add(name);
  return params;
}

struct Change {
  SavedWorkflow saved;
  std::vector<Query> queries;
};

/// What a save writes, given what is stored (no rows: nothing yet).
Result<Change> change_of(const SaveWorkflow& wanted, const ResultSet& stored) {
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
  } else {
    row = workflow_of(stored, 0);
    if (!new_text && row.description == wanted.description && row.enabled == wanted.enabled &&
        row.node_count == wanted.node_count && row.trigger_count == wanted.trigger_count) {
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

  Params params;
  params.add(row.id);
  if (is_new) params.add(row.name);
  params.add(row.description).add(row.enabled).add(row.version).add(row.node_count).add(row.trigger_count).add(now);
  if (is_new) params.add(row.created_by);
  change.queries.push_back({is_new ? &kInsert : &kUpdate, std::move(params)});
  if (new_text) {
    Params version;
    version.add(row.id).add(row.version).add(wanted.definition).add(now).add(wanted.created_by).add(wanted.changelog);
    change.queries.push_back({&kInsertVersion, std::move(version)});
  }
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
  Result<std::vector<ResultSet>> read = co_await connection.run(std::move(begin), Grouping::separate, limit);
  if (!read) co_return fail(std::move(read.error()));

  Result<Change> change = change_of(request, read->back());
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
