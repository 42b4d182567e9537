-- The execution that one repeats, when somebody had it replayed.
alter table live_executions add column replayed_from uuid;
alter table executions add column replayed_from uuid;

create or replace view all_executions as
  select id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, input, webhook, correlation_id,
         idempotency_key, traceparent, accepted_at, started_at, null::timestamptz as finished_at, null::text as output,
         null::text as error, null::text as error_node, null::text as trace, true as live, replayed_from
    from live_executions
  union all
  select id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, input, webhook, correlation_id,
         idempotency_key, traceparent, accepted_at, started_at, finished_at, output, error, error_node, trace, false,
         replayed_from
    from executions;
