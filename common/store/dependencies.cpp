#include "common/store/dependencies.hpp"

#include "common/store/pool_lease.hpp"
#include "common/store/storable_text.hpp"

namespace r8r::store {
namespace {

constexpr Statement kUpstreamNames{"dependencies_upstream_names",
                                   "select distinct d.upstream from workflow_dependencies d "
                                   "join workflows w on w.id = d.workflow_id and w.enabled"};
constexpr Statement kWaiting{
    "dependencies_waiting",
    "select e.workflow_id, coalesce(w.name, ''), coalesce(w.version, 0), "
    "coalesce(w.enabled, false), e.last, e.count from (select workflow_id, max(id) as last, "
    "count(*) as count from upstream_endings where partition = any($1) group by workflow_id) e "
    "left join workflows w on w.id = e.workflow_id order by e.last"};
// An execution is accepted before it starts, so the index on the start finds it. Those that began with endings do not
// count: what they followed from is not there any more.
constexpr Statement kEndings{
    "dependencies_endings",
    "select e.id, e.upstream, e.execution_id, e.run, e.ended_at, coalesce($3 and (e.ended_at < (select "
    "max(l.accepted_at) from live_executions l where l.workflow_name = $2 and l.trigger_type not like 'workflow:%') or "
    "exists (select 1 from executions x where x.workflow_name = $2 and x.started_at > e.ended_at and x.accepted_at > "
    "e.ended_at and x.trigger_type not like 'workflow:%')), false) from upstream_endings e "
    "join workflows w on w.id = e.workflow_id and w.version = $5 where e.workflow_id = $1 order by e.id limit $4"};
constexpr Statement kOutputs{
    "dependencies_outputs",
    "select bytes, case when bytes <= $4 then output end, coalesce(correlation_id, ''), traceparent from (select "
    "e.place, (sum(coalesce(octet_length(x.output), 0)) over ())::bigint as bytes, x.output, x.correlation_id, "
    "x.traceparent from unnest($1, $2, $3) as e(place, id, run) left join executions x on x.id = e.id and x.run = "
    "e.run) found order by place"};
constexpr Statement kNotFenced{"dependencies_not_fenced", "select assert_not_fenced($1)"};
// All of its endings, or nothing: they are locked first, which waits for whoever is about to delete one.
constexpr Statement kStart{
    "dependencies_start",
    "with locked as (select id from upstream_endings where id = any($1) order by id for update), "
    "fine as (select count(*) = cardinality($1) as ok from locked), "
    "used as (delete from upstream_endings u using locked l, fine where u.id = l.id and fine.ok), "
    "started as (insert into live_executions (id, partition, workflow_id, workflow_version, workflow_name, "
    "trigger_type, origin, input, correlation_id, traceparent, accepted_at, limit_key) "
    "select $2, $3, w.id, $5, $6, $7, $7, $8, $9, $10, $11, $12 from workflows w, fine "
    "where w.id = $4 and w.enabled and fine.ok returning id) "
    "select fine.ok, exists (select 1 from started) from fine"};
constexpr Statement kDrop{"dependencies_drop", "delete from upstream_endings where id = any($1)"};
constexpr Statement kDropIdle{"dependencies_drop_idle",
                              "delete from upstream_endings e where e.partition = any($1) and not exists "
                              "(select 1 from workflows w where w.id = e.workflow_id and w.enabled)"};

Params of(std::int64_t incarnation) {
  Params params;
  params.add(incarnation);
  return params;
}

Column ids_of(const std::vector<std::int64_t>& ids) {
  Column column(Type::int8);
  for (const std::int64_t id : ids) column.add(id);
  return column;
}

void add_text_or_null(Params& params, const std::string& text) {
  if (text.empty()) {
    params.add_null(Type::text);
  } else {
    params.add(text);
  }
}

Query query_of(DependencyStart& start) {
  EventExecution& execution = start.execution;
  Params params;
  params.add(ids_of(start.endings)).add(execution.id).add(std::int32_t{execution.partition});
  params.add(execution.workflow_id).add(std::int32_t{execution.workflow_version}).add(execution.workflow_name);
  params.add(execution.trigger_type).add(std::move(execution.input)).add(execution.correlation_id);
  add_text_or_null(params, execution.traceparent);
  params.add(execution.time);
  if (execution.limit_key) {
    params.add(*execution.limit_key);
  } else {
    params.add_null(Type::text);
  }
  return {&kStart, std::move(params)};
}

}  // namespace

awaitable<Result<std::vector<std::string>>> Dependencies::upstream_names() {
  Result<ResultSet> rows = co_await run_on(pool_, kUpstreamNames);
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<std::string> names;
  for (int row = 0; row < rows->rows(); ++row) names.push_back(rows->text(row, 0));
  co_return names;
}

awaitable<Result<std::vector<WaitingWorkflow>>> Dependencies::waiting(std::vector<int> partitions) {
  Params params;
  params.add(std::span<const int>(partitions));
  Result<ResultSet> rows = co_await run_on(pool_, kWaiting, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<WaitingWorkflow> all;
  for (int row = 0; row < rows->rows(); ++row) {
    WaitingWorkflow& one = all.emplace_back();
    one.id = rows->uuid(row, 0);
    one.name = rows->text(row, 1);
    one.version = rows->int4(row, 2);
    one.enabled = rows->boolean(row, 3);
    one.last = rows->int8(row, 4);
    one.count = rows->int8(row, 5);
  }
  co_return all;
}

awaitable<Result<std::vector<UpstreamEnding>>> Dependencies::endings(WaitingWorkflow workflow, bool joined, int limit) {
  Params params;
  params.add(workflow.id).add(std::move(workflow.name)).add(joined).add(std::int64_t{limit});
  params.add(std::int32_t{workflow.version});
  Result<ResultSet> rows = co_await run_on(pool_, kEndings, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<UpstreamEnding> all;
  for (int row = 0; row < rows->rows(); ++row) {
    UpstreamEnding& one = all.emplace_back();
    one.id = rows->int8(row, 0);
    one.upstream = rows->text(row, 1);
    one.execution_id = rows->uuid(row, 2);
    one.run = rows->int4(row, 3);
    one.ended_at = rows->time(row, 4);
    one.outdated = rows->boolean(row, 5);
  }
  co_return all;
}

awaitable<Result<std::vector<UpstreamOutput>>> Dependencies::outputs(std::vector<UpstreamEnding> endings,
                                                                     std::int64_t max_bytes) {
  Column place(Type::int4), id(Type::uuid), run(Type::int4);
  for (std::size_t i = 0; i < endings.size(); ++i) {
    place.add(static_cast<std::int32_t>(i));
    id.add(endings[i].execution_id);
    run.add(std::int32_t{endings[i].run});
  }
  Params params;
  params.add(std::move(place)).add(std::move(id)).add(std::move(run)).add(max_bytes);
  Result<ResultSet> rows = co_await run_on(pool_, kOutputs, std::move(params));
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<UpstreamOutput> all;
  for (int row = 0; row < rows->rows(); ++row) {
    UpstreamOutput& one = all.emplace_back();
    one.bytes = rows->int8(row, 0);
    one.output = rows->optional_text(row, 1);
    one.correlation_id = rows->text(row, 2);
    one.traceparent = rows->text_or_empty(row, 3);
  }
  co_return all;
}

awaitable<Result<std::vector<StartOutcome>>> Dependencies::start(std::int64_t incarnation,
                                                                 std::vector<DependencyStart> starts,
                                                                 std::vector<std::int64_t> dropped) {
  std::vector<StartOutcome> outcomes;
  std::vector<Query> queries;
  queries.push_back({&kNotFenced, of(incarnation)});
  for (DependencyStart& start : starts) {
    if (!is_storable(start.execution.input))
      co_return fail(ErrorCode::invalid_field, "an input holds a NUL byte or text that is not UTF-8");
    queries.push_back(query_of(start));
  }
  if (!dropped.empty()) {
    Params params;
    params.add(ids_of(dropped));
    queries.push_back({&kDrop, std::move(params)});
  }
  Result<std::vector<ResultSet>> results = co_await run_on(pool_, std::move(queries), Grouping::transaction);
  if (!results) co_return fail(std::move(results.error()));
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const ResultSet& rows = (*results)[i + 1];
    StartOutcome outcome = StartOutcome::taken;
    if (rows.boolean(0, 0)) outcome = rows.boolean(0, 1) ? StartOutcome::started : StartOutcome::not_enabled;
    outcomes.push_back(outcome);
  }
  co_return outcomes;
}

awaitable<Result<std::int64_t>> Dependencies::drop_idle(std::int64_t incarnation, std::vector<int> partitions) {
  Params params;
  params.add(std::span<const int>(partitions));
  std::vector<Query> queries;
  queries.push_back({&kNotFenced, of(incarnation)});
  queries.push_back({&kDropIdle, std::move(params)});
  Result<std::vector<ResultSet>> results = co_await run_on(pool_, std::move(queries), Grouping::transaction);
  if (!results) co_return fail(std::move(results.error()));
  co_return results->back().affected();
}

}  // namespace r8r::store
