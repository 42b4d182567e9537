-- Executions that other executions start: sub-workflows and error workflows.
alter table live_executions
  add column parent_execution_id uuid,
  add column parent_partition integer,             -- set while that one waits for the end of this one
  add column depth integer not null default 0;     -- how many executions stand above it
alter table executions
  add column parent_execution_id uuid,
  add column depth integer not null default 0;

-- Which execution waits for the end of which other one. The row goes with the commit in which it stops waiting: because
-- that one has ended, or because nobody wants to know any more. A message that was lost is found out about by these rows.
create table awaited_children (
  child_id uuid primary key,
  execution_id uuid not null,
  partition integer not null                       -- of execution_id
);
create index awaited_children_by_partition on awaited_children (partition);
create index awaited_children_by_execution on awaited_children (execution_id);
create index live_awaited_children on live_executions (partition) where parent_partition is not null;

create or replace view all_executions as
  select id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, input, webhook, correlation_id,
         idempotency_key, traceparent, accepted_at, started_at, null::timestamptz as finished_at, null::text as output,
         null::text as error, null::text as error_node, null::text as trace, true as live, replayed_from, parent_execution_id
    from live_executions
  union all
  select id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, input, webhook, correlation_id,
         idempotency_key, traceparent, accepted_at, started_at, finished_at, output, error, error_node, trace, false,
         replayed_from, parent_execution_id
    from executions;
