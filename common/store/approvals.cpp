#include "common/store/approvals.hpp"

#include "common/store/pool_lease.hpp"

namespace r8r::store {
namespace {

#define R8R_APPROVAL_COLUMNS                                                                                      \
  "select id, execution_id, partition, node_id, workflow_name, title, description, status, comment, decided_by, " \
  "input, default_action, assignee, groups, created_at, expires_at, decided_at from approvals "
constexpr Statement kFind{"approval_find", R8R_APPROVAL_COLUMNS "where id = $1"};
constexpr Statement kList{
    "approval_list", R8R_APPROVAL_COLUMNS
    "where ($1 = '' or status = $1) and ($2 = '' or assignee = $2) "
    "and ($3 = '' or $3 = any(string_to_array(groups, chr(10)))) and ($4 = '' or workflow_name = $4) "
    "and ($5::uuid is null or execution_id = $5) and ($6::timestamptz is null or (created_at, id) < ($6, $7)) "
    "order by created_at desc, id desc limit $8 offset $9"};
/// The usual question, which has an index of its own.
constexpr Statement kPending{
    "approval_pending", R8R_APPROVAL_COLUMNS
    "where status = 'pending' and $1 = 'pending' and ($2 = '' or assignee = $2) "
    "and ($3 = '' or $3 = any(string_to_array(groups, chr(10)))) and ($4 = '' or workflow_name = $4) "
    "and ($5::uuid is null or execution_id = $5) and ($6::timestamptz is null or (created_at, id) < ($6, $7)) "
    "order by created_at desc, id desc limit $8 offset $9"};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

ApprovalRow approval_of(const ResultSet& rows, int row) {
  ApprovalRow approval;
  approval.id = rows.uuid(row, 0);
  approval.execution_id = rows.uuid(row, 1);
  approval.partition = rows.int4(row, 2);
  approval.node_id = rows.text(row, 3);
  approval.workflow_name = rows.text(row, 4);
  approval.title = rows.text(row, 5);
  approval.description = rows.optional_text(row, 6);
  approval.status = rows.text(row, 7);
  approval.comment = rows.optional_text(row, 8);
  approval.decided_by = rows.optional_text(row, 9);
  approval.input = rows.text(row, 10);
  approval.default_action = rows.optional_text(row, 11);
  approval.assignee = rows.optional_text(row, 12);
  approval.groups = lines_of(rows.text(row, 13));
  approval.created_at = rows.time(row, 14);
  approval.expires_at = rows.optional_time(row, 15);
  approval.decided_at = rows.optional_time(row, 16);
  return approval;
}

}  // namespace

awaitable<Result<std::optional<ApprovalRow>>> Approvals::find(Uuid id) {
  Params params;
  params.add(id);
  Result<ResultSet> rows = co_await run_on(pool_, kFind, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::optional<ApprovalRow> found;
  if (!rows->empty()) found = approval_of(*rows, 0);
  co_return found;
}

awaitable<Result<std::vector<ApprovalRow>>> Approvals::list(ApprovalQuery query) {
  const Statement& statement = query.status == "pending" ? kPending : kList;
  Params params;
  params.add(std::move(query.status))
      .add(std::move(query.assignee))
      .add(std::move(query.group))
      .add(std::move(query.workflow));
  if (query.execution_id) {
    params.add(*query.execution_id);
  } else {
    params.add_null(Type::uuid);
  }
  if (query.after) {
    params.add(query.after->first).add(query.after->second);
  } else {
    params.add_null(Type::timestamptz).add_null(Type::uuid);
  }
  params.add(std::int64_t{query.limit}).add(std::int64_t{query.offset});
  Result<ResultSet> rows = co_await run_on(pool_, statement, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<ApprovalRow> found;
  for (int row = 0; row < rows->rows(); ++row) found.push_back(approval_of(*rows, row));
  co_return found;
}

}  // namespace r8r::store
