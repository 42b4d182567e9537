#include "common/store/dead_letters.hpp"

#include "common/store/pool_lease.hpp"

namespace r8r::store {
namespace {

// The input is that of the execution, wherever it is.
#define R8R_DEAD_LETTER_COLUMNS                                                                                      \
  "d.id, d.execution_id, d.run, d.workflow_id, d.workflow_name, d.trigger_type, "                                    \
  "coalesce((select a.input from all_executions a where a.id = d.execution_id order by a.run desc limit 1), '{}'), " \
  "coalesce(d.error, ''), d.failed_node_id, d.retry_count, d.status, d.created_at, d.updated_at"

constexpr Statement kPage{"dead_letters_page",
                          "select " R8R_DEAD_LETTER_COLUMNS
                          " from dead_letters d where ($1 = '' or d.status = $1) and ($2 = '' or d.workflow_name = $2) "
                          "and ($3 = '' or position(lower($3) in lower(d.error)) > 0) "
                          "and ($4::timestamptz is null or d.created_at >= $4) "
                          "and ($5::timestamptz is null or (d.created_at, d.id) < ($5, $6)) "
                          "order by d.created_at desc, d.id desc limit $7"};
constexpr Statement kFind{"dead_letter_find", "select " R8R_DEAD_LETTER_COLUMNS
                                              " from dead_letters d where d.id = $1 or d.execution_id = $1"};
constexpr Statement kStats{"dead_letters_stats", "select status, count(*) from dead_letters group by status"};
constexpr Statement kClaim{"dead_letter_claim",
                           "update dead_letters set status = 'scheduled', retry_count = retry_count + 1, updated_at = "
                           "now() where id = $1 and retry_count = $2 and status in ('pending', 'acknowledged')"};
constexpr Statement kGiveBack{
    "dead_letter_give_back",
    "update dead_letters d set status = 'pending', retry_count = $2, updated_at = now() where d.id = $1 "
    "and d.retry_count = $2 + 1 and d.status = 'scheduled' "
    "and not exists (select 1 from live_executions l where l.id = d.execution_id)"};
constexpr Statement kDiscard{"dead_letter_discard",
                             "update dead_letters set status = 'discarded', updated_at = now() "
                             "where id = $1 and status in ('pending', 'acknowledged')"};

DeadLetter entry_of(const ResultSet& rows, int row) {
  DeadLetter entry;
  entry.id = rows.uuid(row, 0);
  entry.execution_id = rows.uuid(row, 1);
  entry.run = rows.int4(row, 2);
  entry.workflow_id = rows.uuid(row, 3);
  entry.workflow_name = rows.text(row, 4);
  entry.trigger_type = rows.text(row, 5);
  entry.input = rows.text(row, 6);
  entry.error = rows.text(row, 7);
  entry.failed_node_id = rows.optional_text(row, 8);
  entry.retry_count = rows.int4(row, 9);
  entry.status = rows.text(row, 10);
  entry.created_at = rows.time(row, 11);
  entry.updated_at = rows.time(row, 12);
  return entry;
}

void add_time_or_null(Params& params, const std::optional<Timestamp>& time) {
  if (time) {
    params.add(*time);
  } else {
    params.add_null(Type::timestamptz);
  }
}

}  // namespace

awaitable<Result<std::vector<DeadLetter>>> DeadLetters::page(DeadLetterFilter filter,
                                                             std::optional<DeadLetterPosition> after, int limit) {
  Params params;
  params.add(std::move(filter.status)).add(std::move(filter.workflow)).add(std::move(filter.error));
  add_time_or_null(params, filter.since);
  add_time_or_null(params, after ? std::optional(after->created_at) : std::nullopt);
  params.add(after ? after->id : Uuid()).add(std::int64_t{limit});
  Result<ResultSet> rows = co_await run_on(pool_, kPage, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<DeadLetter> page;
  for (int row = 0; row < rows->rows(); ++row) page.push_back(entry_of(*rows, row));
  co_return page;
}

awaitable<Result<std::optional<DeadLetter>>> DeadLetters::find(Uuid id) {
  Params params;
  params.add(id);
  Result<ResultSet> rows = co_await run_on(pool_, kFind, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::optional<DeadLetter> found;
  if (!rows->empty()) found = entry_of(*rows, 0);
  co_return found;
}

awaitable<Result<DeadLetterStats>> DeadLetters::stats() {
  Result<ResultSet> rows = co_await run_on(pool_, kStats);
  if (!rows) co_return fail(std::move(rows.error()));
  DeadLetterStats stats;
  for (int row = 0; row < rows->rows(); ++row) {
    const std::string status = rows->text(row, 0);
    const std::int64_t count = rows->int8(row, 1);
    if (status == "pending") stats.pending = count;
    if (status == "scheduled") stats.scheduled = count;
    if (status == "resolved") stats.resolved = count;
    if (status == "discarded") stats.discarded = count;
    if (status == "acknowledged") stats.acknowledged = count;
  }
  co_return stats;
}

awaitable<Result<bool>> DeadLetters::claim(Uuid id, int retry_count) {
  Params params;
  params.add(id).add(std::int32_t{retry_count});
  Result<ResultSet> done = co_await run_on(pool_, kClaim, std::move(params));
  if (!done) co_return fail(std::move(done.error()));
  co_return done->affected() > 0;
}

awaitable<Result<void>> DeadLetters::give_back(Uuid id, int retry_count) {
  Params params;
  params.add(id).add(std::int32_t{retry_count});
  Result<ResultSet> done = co_await run_on(pool_, kGiveBack, std::move(params));
  if (!done) co_return fail(std::move(done.error()));
  co_return Result<void>();
}

awaitable<Result<bool>> DeadLetters::discard(Uuid id) {
  Params params;
  params.add(id);
  Result<ResultSet> done = co_await run_on(pool_, kDiscard, std::move(params));
  if (!done) co_return fail(std::move(done.error()));
  co_return done->affected() > 0;
}

}  // namespace r8r::store
