#include "common/store/execution_list.hpp"

#include <algorithm>

#include "common/store/pool_lease.hpp"

namespace r8r::store {
namespace {

// What both halves are asked. $1 workflow, $2 statuses, $3 trigger, $4 correlation id, $5 idempotency key, $6 and $7
// the bounds of the start, $8 a pattern, $9 and $10 the position, $11 how many with those to leave out, $12 how many,
// $13 how many to leave out, $14 the correlation id as an id.
#define R8R_LIST_FILTERS                                                                \
  "($1 = '' or workflow_name = $1) and (cardinality($2) = 0 or status = any($2)) "      \
  "and ($3 = '' or trigger_type = $3 or ($3 in ('event', 'delayed_event', 'workflow') " \
  "and trigger_type like $3 || ':%')) "                                                 \
  "and ($4 = '' or correlation_id = $4) and ($5 = '' or idempotency_key = $5) "
#define R8R_LIST_COLUMNS "id, workflow_id, workflow_version, workflow_name, status, trigger_type, correlation_id, "
#define R8R_LIVE_HALF                                                                   \
  "(select " R8R_LIST_COLUMNS                                                           \
  "began, null::timestamptz as finished_at, null::text as error "                       \
  "from (select *, coalesce(started_at, accepted_at) as began from live_executions) l " \
  "where (began, id) < ($9, $10) and began >= $6 and began <= $7 and " R8R_LIST_FILTERS \
  "and ($8 = '' or input ilike $8) order by began desc, id desc limit $11)"
// `where` makes an index fit. Only the latest run of each.
#define R8R_ENDED_HALF(where)                                                                                      \
  "(select " R8R_LIST_COLUMNS                                                                                      \
  "started_at, finished_at, error from executions x "                                                              \
  "where (started_at, id) < ($9, $10) and started_at >= $6 and started_at <= $7 and " where R8R_LIST_FILTERS       \
  "and ($8 = '' or input ilike $8 or output ilike $8 or error ilike $8) "                                          \
  "and not exists (select 1 from executions later where later.id = x.id and later.run > 1 and later.run > x.run) " \
  "and not exists (select 1 from live_executions l where l.id = x.id) "                                            \
  "order by started_at desc, id desc limit $11)"
// One statement over both tables, so one moment: an execution that ends meanwhile is seen here or there.
#define R8R_LIST(halves) "select * from (" halves ") e order by began desc, id desc limit $12 offset $13"
#define R8R_COUNT(halves) "select count(*) from (" R8R_LIST(halves) ") c"

/// A list that one index serves, and its count.
struct Access {
  Statement list;
  Statement count;
};
#define R8R_ACCESS(name, halves)                    \
  constexpr Access name {                           \
    {"executions_list_" #name, R8R_LIST(halves)}, { \
      "executions_count_" #name, R8R_COUNT(halves)  \
    }                                               \
  }
#define R8R_BOTH(where) R8R_LIVE_HALF " union all " R8R_ENDED_HALF(where)
R8R_ACCESS(kAll, R8R_BOTH(""));
R8R_ACCESS(kOfWorkflow, R8R_BOTH("workflow_name = $1 and "));
R8R_ACCESS(kNotCompleted, R8R_BOTH("status <> 'completed' and "));
R8R_ACCESS(kOfWorkflowNotCompleted, R8R_BOTH("workflow_name = $1 and status <> 'completed' and "));
R8R_ACCESS(kByKey, R8R_BOTH("idempotency_key = $5 and "));
R8R_ACCESS(kByCorrelation,
           R8R_BOTH("correlation_id = $4 and correlation_id <> id::text and ") " union all " R8R_ENDED_HALF(
               "id = $14 and correlation_id = id::text and "));
R8R_ACCESS(kLive, R8R_LIVE_HALF);

bool has_ended(const std::string& status) {
  return status == "completed" || status == "failed" || status == "cancelled";
}

const Access& access_for(const ListFilter& filter) {
  const auto& statuses = filter.statuses;
  if (!statuses.empty() && std::none_of(statuses.begin(), statuses.end(), has_ended)) return kLive;
  if (!filter.idempotency_key.empty()) return kByKey;
  if (!filter.correlation_id.empty()) return kByCorrelation;
  const bool completed_too =
      statuses.empty() || std::find(statuses.begin(), statuses.end(), "completed") != statuses.end();
  if (filter.workflow.empty()) return completed_too ? kAll : kNotCompleted;
  return completed_too ? kOfWorkflow : kOfWorkflowNotCompleted;
}

// The text itself, wherever it stands.
std::string pattern_of(const std::string& search) {
  if (search.empty()) return {};
  std::string pattern = "%";
  for (const char c : search) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + '%';
}

Params params_of(const ListFilter& filter, const std::optional<ListPosition>& after, int limit, int offset) {
  // Before and behind all there is.
  static const Timestamp kFirst = from_unix_us(0);
  static const Timestamp kLast = from_unix_us(253'402'300'799'000'000);
  Column statuses(Type::text);
  for (const std::string& status : filter.statuses) statuses.add(status);
  Params params;
  params.add(filter.workflow).add(std::move(statuses)).add(filter.trigger);
  params.add(filter.correlation_id).add(filter.idempotency_key);
  params.add(filter.started_after.value_or(kFirst)).add(filter.started_before.value_or(kLast));
  params.add(pattern_of(filter.search));
  params.add(after ? after->started_at : kLast).add(after ? after->id : Uuid{});
  params.add(std::int64_t{limit} + offset).add(std::int64_t{limit}).add(std::int64_t{offset});
  params.add(Uuid::parse(filter.correlation_id).value_or(Uuid{}));
  return params;
}

}  // namespace

boost::asio::awaitable<Result<std::vector<ExecutionSummary>>> ExecutionList::page(ListFilter filter,
                                                                                  std::optional<ListPosition> after,
                                                                                  int limit, int offset) {
  const Access& access = access_for(filter);
  Result<ResultSet> rows = co_await run_on(pool_, access.list, params_of(filter, after, limit, offset));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<ExecutionSummary> page;
  page.reserve(static_cast<std::size_t>(rows->rows()));
  for (int row = 0; row < rows->rows(); ++row) {
    ExecutionSummary& execution = page.emplace_back();
    execution.id = rows->uuid(row, 0);
    execution.workflow_id = rows->uuid(row, 1);
    execution.workflow_version = rows->int4(row, 2);
    execution.workflow_name = rows->text(row, 3);
    execution.status = rows->text(row, 4);
    execution.trigger_type = rows->text(row, 5);
    execution.correlation_id = rows->text(row, 6);
    execution.started_at = rows->time(row, 7);
    execution.finished_at = rows->optional_time(row, 8);
    execution.error = rows->optional_text(row, 9);
  }
  co_return page;
}

boost::asio::awaitable<Result<std::int64_t>> ExecutionList::count(ListFilter filter, int most) {
  const Access& access = access_for(filter);
  Result<ResultSet> rows = co_await run_on(pool_, access.count, params_of(filter, std::nullopt, most, 0));
  if (!rows) co_return fail(std::move(rows.error()));
  co_return rows->int8(0, 0);
}

}  // namespace r8r::store
