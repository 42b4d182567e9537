-- Executions that may have to wait before they start have a key (which may be empty): what counts towards one rate limit.
alter table live_executions add column limit_key text;
alter table executions add column limit_key text;
alter table delayed_starts add column limit_key text;
create index live_limited on live_executions (partition) where limit_key is not null;
create index executions_limited on executions (workflow_id, limit_key, started_at) where limit_key is not null;

create or replace view all_executions as
  select id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, input, webhook, correlation_id,
         idempotency_key, traceparent, accepted_at, started_at, null::timestamptz as finished_at, null::text as output,
         null::text as error, null::text as error_node, null::text as trace, true as live, replayed_from, parent_execution_id, partition
    from live_executions
  union all
  select id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, input, webhook, correlation_id,
         idempotency_key, traceparent, accepted_at, started_at, finished_at, output, error, error_node, trace, false,
         replayed_from, parent_execution_id, null::integer
    from executions;
