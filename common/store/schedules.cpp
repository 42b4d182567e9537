#include "common/store/schedules.hpp"

#include "common/store/pool_lease.hpp"
#include "common/store/storable_text.hpp"

namespace r8r::store {
namespace {

// What a fenced scheduler decided is not recorded: keys need not be kept for ever.
constexpr Statement kNotFenced{"firing_not_fenced", "select assert_not_fenced($1)"};
// One statement, in the order of the keys, so that two schedulers with the same times never wait for each other in a
// circle. Only a key that was new starts an execution.
constexpr Statement kFire{
    "fire_schedules",
    "with asked as materialized (select a.*, w.id is not null as current from unnest($1, $2, $3, $4, $5, $6, $7, $8, "
    "$9, $10, $11, $12) with ordinality as a(workflow_id, version, trigger, scheduled_at, execution_id, partition, "
    "workflow_name, input, error, accepted_at, missed, limit_key, place) "
    "left join workflows w on w.id = a.workflow_id and w.enabled and w.version = a.version), "
    "won as (insert into schedule_firings (workflow_id, trigger, scheduled_at, execution_id) "
    "select workflow_id, trigger, scheduled_at, case when error is null then execution_id end from asked where current "
    "order by workflow_id, trigger, scheduled_at on conflict do nothing returning workflow_id, trigger, scheduled_at), "
    "mine as materialized (select distinct on (workflow_id, trigger, scheduled_at) a.* from asked a "
    "join won using (workflow_id, trigger, scheduled_at) order by workflow_id, trigger, scheduled_at), "
    "started as (insert into live_executions (id, partition, workflow_id, workflow_version, workflow_name, "
    "trigger_type, origin, input, correlation_id, accepted_at, limit_key) select execution_id, partition, workflow_id, "
    "version, workflow_name, 'cron', 'cron', input, execution_id::text, accepted_at, limit_key from mine "
    "where error is null), "
    "noted as (insert into schedules (workflow_id, trigger, last_scheduled_at, last_fired_at, last_execution_id, "
    "last_error, fired, failed, missed) select workflow_id, trigger, max(scheduled_at), now(), "
    "(array_agg(case when error is null then execution_id end order by scheduled_at desc))[1], "
    "(array_agg(error order by scheduled_at desc))[1], count(*) filter (where error is null), "
    "count(*) filter (where error is not null), sum(missed)::bigint from mine "
    "group by workflow_id, trigger order by workflow_id, trigger "
    "on conflict (workflow_id, trigger) do update set last_scheduled_at = excluded.last_scheduled_at, "
    "last_fired_at = excluded.last_fired_at, last_execution_id = excluded.last_execution_id, "
    "last_error = excluded.last_error, fired = schedules.fired + excluded.fired, "
    "failed = schedules.failed + excluded.failed, missed = schedules.missed + excluded.missed) "
    "select case when not a.current then 2 when m.execution_id is null then 1 else 0 end "
    "from asked a left join mine m on m.execution_id = a.execution_id order by a.place"};
constexpr Statement kOf{"schedules_of",
                        "select workflow_id, trigger, last_scheduled_at, last_fired_at, last_execution_id, last_error, "
                        "fired, failed, missed from schedules where workflow_id = any($1) "
                        "order by workflow_id, trigger"};
constexpr Statement kForgetFirings{"forget_firings",
                                   "delete from schedule_firings where fired_at < now() - interval '2 days'"};
constexpr Statement kForgetSchedules{
    "forget_schedules",
    "delete from schedules s where not exists (select 1 from workflows w where w.id = s.workflow_id)"};

Params rows_of(const std::vector<Firing>& firings) {
  Column workflow_id(Type::uuid), version(Type::int4), trigger(Type::text), scheduled_at(Type::timestamptz),
      execution_id(Type::uuid), partition(Type::int4), name(Type::text), input(Type::text), error(Type::text),
      accepted_at(Type::timestamptz), missed(Type::int8), limit_key(Type::text);
  for (const Firing& firing : firings) {
    workflow_id.add(firing.workflow_id);
    version.add(std::int32_t{firing.workflow_version});
    trigger.add(firing.trigger);
    scheduled_at.add(firing.scheduled_at);
    execution_id.add(firing.execution_id);
    partition.add(std::int32_t{firing.partition});
    name.add(firing.workflow_name);
    if (is_storable(firing.input)) {
      input.add(firing.input);
      error.add_text_or_null(is_storable(firing.error) ? firing.error : "the reason cannot be stored as text");
    } else {
      input.add_null();
      error.add(std::string_view("the input holds a NUL byte or text that is not UTF-8"));
    }
    accepted_at.add(firing.accepted_at);
    missed.add(firing.missed);
    limit_key.add(firing.limit_key);
  }
  Params params;
  for (Column* column : {&workflow_id, &version, &trigger, &scheduled_at, &execution_id, &partition, &name, &input,
                         &error, &accepted_at, &missed, &limit_key}) {
    params.add(std::move(*column));
  }
  return params;
}

}  // namespace

awaitable<Result<std::vector<FiringOutcome>>> Schedules::fire(std::int64_t incarnation, std::vector<Firing> firings) {
  Params who;
  who.add(incarnation);
  std::vector<Query> queries;
  queries.push_back({&kNotFenced, std::move(who)});
  queries.push_back({&kFire, rows_of(firings)});
  Result<std::vector<ResultSet>> results = co_await run_on(pool_, std::move(queries), Grouping::transaction);
  if (!results) co_return fail(std::move(results.error()));
  const ResultSet& rows = results->back();
  std::vector<FiringOutcome> outcomes;
  for (int row = 0; row < rows.rows(); ++row) outcomes.push_back(static_cast<FiringOutcome>(rows.int4(row, 0)));
  R8R_ASSERT(outcomes.size() == firings.size(),
             std::to_string(outcomes.size()) + " outcomes of " + std::to_string(firings.size()) + " firings");
  co_return outcomes;
}

awaitable<Result<std::vector<ScheduleRow>>> Schedules::of(std::vector<Uuid> workflows) {
  Params params;
  params.add(std::span<const Uuid>(workflows));
  Result<ResultSet> rows = co_await run_on(pool_, kOf, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<ScheduleRow> found;
  for (int row = 0; row < rows->rows(); ++row) {
    ScheduleRow& schedule = found.emplace_back();
    schedule.workflow_id = rows->uuid(row, 0);
    schedule.trigger = rows->text(row, 1);
    schedule.last_scheduled_at = rows->time(row, 2);
    schedule.last_fired_at = rows->time(row, 3);
    if (!rows->is_null(row, 4)) schedule.last_execution_id = rows->uuid(row, 4);
    schedule.last_error = rows->optional_text(row, 5);
    schedule.fired = rows->int8(row, 6);
    schedule.failed = rows->int8(row, 7);
    schedule.missed = rows->int8(row, 8);
  }
  co_return found;
}

awaitable<Result<void>> Schedules::forget_old() {
  std::vector<Query> queries;
  queries.push_back({&kForgetFirings, {}});
  queries.push_back({&kForgetSchedules, {}});
  Result<std::vector<ResultSet>> done = co_await run_on(pool_, std::move(queries), Grouping::separate);
  if (!done) co_return fail(std::move(done.error()));
  co_return Result<void>();
}

}  // namespace r8r::store
