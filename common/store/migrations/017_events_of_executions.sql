-- The event that an execution began with, as expressions see it (`execution.event`): JSON without the event's data. Replays have
-- that of the execution which they repeat.
alter table live_executions add column event text;
alter table executions add column event text;
alter table delayed_starts add column event text;

create or replace view all_executions as
  select id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, input, webhook, correlation_id,
         idempotency_key, traceparent, accepted_at, started_at, null::timestamptz as finished_at, null::text as output,
         null::text as error, null::text as error_node, null::text as trace, true as live, replayed_from, parent_execution_id, partition,
         event
    from live_executions
  union all
  select id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, input, webhook, correlation_id,
         idempotency_key, traceparent, accepted_at, started_at, finished_at, output, error, error_node, trace, false,
         replayed_from, parent_execution_id, null::integer, event
    from executions;
