-- Lists of executions: newest first by their start, all or those of one workflow; those that did not simply complete; those
-- that a caller labelled.
create index executions_by_start on executions (started_at, id);
create index executions_of_workflow on executions (workflow_name, started_at, id);
create index executions_not_completed on executions (started_at, id) where status <> 'completed';
create index executions_of_workflow_not_completed on executions (workflow_name, started_at, id) where status <> 'completed';
-- Most have their own id as their correlation id: those are found by id.
create index executions_by_correlation on executions (correlation_id) where correlation_id <> id::text;
create index executions_by_idempotency_key on executions (idempotency_key) where idempotency_key is not null;
-- Few executions have more than one run; of those only the latest is listed.
create index executions_later_runs on executions (id, run) where run > 1;
