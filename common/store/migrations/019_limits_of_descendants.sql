-- Whether this execution, or one that waits for it (and so on), is an execution of that workflow which counts towards its limits: whoever
-- had to wait for it would wait for itself.
create function counts_above(execution_id uuid, workflow_id uuid) returns boolean language sql stable as $$
  with recursive above (workflow_id, limit_key, parent) as (
    select l.workflow_id, l.limit_key, case when l.parent_partition is not null then l.parent_execution_id end
      from live_executions l where l.id = $1
    union all
    select l.workflow_id, l.limit_key, case when l.parent_partition is not null then l.parent_execution_id end
      from above a join live_executions l on l.id = a.parent
  )
  select exists (select 1 from above a where a.workflow_id = $2 and a.limit_key is not null)
$$;
