#include "common/store/events.hpp"

#include "common/store/pool_lease.hpp"
#include "common/store/storable_text.hpp"

namespace r8r::store {
namespace {

constexpr Statement kTakeKey{"event_take_key",
                             "insert into event_keys (key, fingerprint, event_id, answer) values ($1, $2, $3, $4) "
                             "on conflict (key) do nothing"};
constexpr Statement kFirst{"event_first", "select event_id, fingerprint, answer from event_keys where key = $1"};
// $1 and $2: only if this event won its key; no key: always.
#define R8R_IF_FIRST \
  "where ($1::text is null or exists (select 1 from event_keys k where k.key = $1 and k.event_id = $2)) "
#define R8R_EVENT_ROWS                                                                                           \
  "unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) as e(id, partition, workflow_id, version, name, " \
  "trigger, "                                                                                                    \
  "input, correlation_id, traceparent, at, limit_key, event) "
constexpr Statement kStart{
    "event_start",
    "insert into live_executions (id, partition, workflow_id, workflow_version, workflow_name, trigger_type, origin, "
    "input, correlation_id, traceparent, accepted_at, limit_key, event) select id, partition, workflow_id, version, "
    "name, "
    "trigger, trigger, input, correlation_id, traceparent, at, limit_key, event from " R8R_EVENT_ROWS R8R_IF_FIRST};
constexpr Statement kDelay{
    "event_delay",
    "insert into delayed_starts (execution_id, partition, workflow_id, workflow_version, workflow_name, trigger_type, "
    "input, correlation_id, traceparent, run_at, limit_key, event) select e.* from " R8R_EVENT_ROWS R8R_IF_FIRST};
constexpr Statement kNext{"delayed_next", "select min(run_at) from delayed_starts where partition = any($1)"};
constexpr Statement kNotFenced{"delayed_not_fenced", "select assert_not_fenced($1)"};
// Whoever called a debounced webhook was told an id: what does not start ends.
constexpr Statement kStartDelayed{
    "delayed_start",
    "with due as (delete from delayed_starts where execution_id in (select execution_id from delayed_starts "
    "where partition = any($1) and run_at <= $2 order by run_at limit $3 for update skip locked) returning *), "
    "started as (insert into live_executions (id, partition, workflow_id, workflow_version, workflow_name, "
    "trigger_type, origin, input, webhook, correlation_id, traceparent, accepted_at, limit_key, event) select "
    "d.execution_id, d.partition, d.workflow_id, d.workflow_version, d.workflow_name, d.trigger_type, d.trigger_type, "
    "d.input, "
    "d.webhook, d.correlation_id, d.traceparent, $2, d.limit_key, d.event from due d join workflows w on w.id = "
    "d.workflow_id "
    "and w.enabled returning id), "
    "ended as (insert into executions (id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, "
    "origin, input, webhook, correlation_id, traceparent, accepted_at, started_at, finished_at, error, trace) select "
    "d.execution_id, 1, d.workflow_id, d.workflow_version, d.workflow_name, 'cancelled', d.trigger_type, "
    "d.trigger_type, d.input, d.webhook, d.correlation_id, d.traceparent, d.first_call_at, $2, $2, "
    "'the workflow was disabled or deleted before the execution started', '[]' from due d where d.debounce_key is not "
    "null and not exists (select 1 from workflows w where w.id = d.workflow_id and w.enabled)) "
    "select d.execution_id, d.partition, d.workflow_id, d.workflow_version, d.workflow_name, d.trigger_type, d.input, "
    "d.correlation_id, d.traceparent, d.run_at, s.id is not null, d.limit_key, d.webhook, d.event from due d left join "
    "started "
    "s on s.id = d.execution_id order by d.run_at"};
constexpr Statement kForget{"event_keys_forget", "delete from event_keys where created_at < now() - interval '2 days'"};

Params rows_of(const EventRecord& event, const std::vector<EventExecution>& executions, bool delayed) {
  Column id(Type::uuid), partition(Type::int4), workflow_id(Type::uuid), version(Type::int4), name(Type::text),
      trigger(Type::text), input(Type::text), correlation(Type::text), traceparent(Type::text), time(Type::timestamptz),
      limit_key(Type::text), about(Type::text);
  for (const EventExecution& e : executions) {
    if (e.delayed != delayed) continue;
    id.add(e.id);
    partition.add(std::int32_t{e.partition});
    workflow_id.add(e.workflow_id);
    version.add(std::int32_t{e.workflow_version});
    name.add(e.workflow_name);
    trigger.add(e.trigger_type);
    input.add(e.input);
    correlation.add(e.correlation_id);
    traceparent.add_text_or_null(e.traceparent);
    time.add(e.time);
    limit_key.add(e.limit_key);
    about.add_text_or_null(e.event);
  }
  Params params;
  if (event.idempotency_key.empty()) {
    params.add_null(Type::text);
  } else {
    params.add(event.idempotency_key);
  }
  params.add(event.id);
  for (Column* column : {&id, &partition, &workflow_id, &version, &name, &trigger, &input, &correlation, &traceparent,
                         &time, &limit_key, &about}) {
    params.add(std::move(*column));
  }
  return params;
}

bool all_storable(const EventRecord& event, const std::vector<EventExecution>& executions) {
  for (const EventExecution& e : executions) {
    if (!is_storable(e.input) || !is_storable(e.trigger_type) || !is_storable(e.correlation_id) ||
        !is_storable(e.event))
      return false;
  }
  return is_storable(event.idempotency_key) && is_storable(event.answer);
}

}  // namespace

awaitable<Result<RecordedEvent>> Events::record(EventRecord event, std::vector<EventExecution> executions) {
  RecordedEvent recorded{.id = event.id};
  if (!all_storable(event, executions))
    co_return fail(ErrorCode::invalid_field, "the event holds a NUL byte or text that is not UTF-8");
  const bool keyed = !event.idempotency_key.empty();
  std::size_t delayed = 0;
  for (const EventExecution& e : executions) delayed += e.delayed ? 1 : 0;
  if (!keyed && executions.empty()) co_return recorded;

  std::vector<Query> queries;
  if (keyed) {
    Params key;
    key.add(event.idempotency_key).add(event.fingerprint).add(event.id).add(event.answer);
    queries.push_back({&kTakeKey, std::move(key)});
  }
  if (executions.size() > delayed) queries.push_back({&kStart, rows_of(event, executions, false)});
  if (delayed > 0) queries.push_back({&kDelay, rows_of(event, executions, true)});
  if (keyed) {
    Params key;
    key.add(event.idempotency_key);
    queries.push_back({&kFirst, std::move(key)});
  }
  Result<std::vector<ResultSet>> results = co_await run_on(pool_, std::move(queries), Grouping::transaction);
  if (!results) co_return fail(std::move(results.error()));
  if (!keyed) co_return recorded;
  const ResultSet& first = results->back();
  if (first.empty()) co_return fail(ErrorCode::service_unavailable, "the idempotency key expired just now; try again");
  recorded.id = first.uuid(0, 0);
  recorded.fingerprint = first.text(0, 1);
  recorded.answer = first.text(0, 2);
  recorded.created = recorded.id == event.id;
  co_return recorded;
}

awaitable<Result<std::optional<Timestamp>>> Events::next_delayed(std::vector<int> partitions) {
  Params params;
  params.add(std::span<const int>(partitions));
  Result<ResultSet> rows = co_await run_on(pool_, kNext, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  co_return rows->optional_time(0, 0);
}

awaitable<Result<std::vector<Events::Due>>> Events::start_delayed(std::int64_t incarnation, std::vector<int> partitions,
                                                                  Timestamp now, int limit) {
  Params who;
  who.add(incarnation);
  Params params;
  params.add(std::span<const int>(partitions)).add(now).add(std::int64_t{limit});
  std::vector<Query> queries;
  queries.push_back({&kNotFenced, std::move(who)});
  queries.push_back({&kStartDelayed, std::move(params)});
  Result<std::vector<ResultSet>> results = co_await run_on(pool_, std::move(queries), Grouping::transaction);
  if (!results) co_return fail(std::move(results.error()));
  const ResultSet& rows = results->back();
  std::vector<Due> all;
  for (int row = 0; row < rows.rows(); ++row) {
    Due& due = all.emplace_back();
    due.execution.id = rows.uuid(row, 0);
    due.execution.partition = rows.int4(row, 1);
    due.execution.workflow_id = rows.uuid(row, 2);
    due.execution.workflow_version = rows.int4(row, 3);
    due.execution.workflow_name = rows.text(row, 4);
    due.execution.trigger_type = rows.text(row, 5);
    due.execution.input = rows.text(row, 6);
    due.execution.correlation_id = rows.text(row, 7);
    due.execution.traceparent = rows.text_or_empty(row, 8);
    due.execution.time = rows.time(row, 9);
    due.execution.delayed = true;
    due.started = rows.boolean(row, 10);
    due.execution.limit_key = rows.optional_text(row, 11);
    due.execution.webhook = rows.text_or_empty(row, 12);
    due.execution.event = rows.text_or_empty(row, 13);
  }
  co_return all;
}

awaitable<Result<void>> Events::forget_old() {
  Result<ResultSet> done = co_await run_on(pool_, kForget);
  if (!done) co_return fail(std::move(done.error()));
  co_return Result<void>();
}

}  // namespace r8r::store
