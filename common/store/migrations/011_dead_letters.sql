-- Failed executions and what became of them, one entry each. Made by the transaction that ends an execution as failed.
create table dead_letters (
  id uuid primary key,
  execution_id uuid not null unique,
  run integer not null,                   -- the one that failed last
  workflow_id uuid not null,
  workflow_name text not null,
  trigger_type text not null,
  error text,
  failed_node_id text,
  retry_count integer not null default 0,
  -- pending: nobody has done anything; scheduled: it runs again; resolved: it completed then; discarded: nobody wants it;
  -- acknowledged: somebody ended what ran again
  status text not null default 'pending' check (status in ('pending', 'scheduled', 'resolved', 'discarded', 'acknowledged')),
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index dead_letters_by_time on dead_letters (status, created_at, id);

-- As before, and dead letters and approvals whose execution is not there any more. A dead letter that was taken for a retry by
-- somebody who died before it came about is pending again.
create or replace function delete_old_rows(until timestamptz) returns bigint language plpgsql as $$
declare
  total bigint := 0;
  deleted bigint;
begin
  delete from executions_other x where x.finished_at < until
    and not exists (select 1 from live_executions l where l.id = x.id);
  get diagnostics deleted = row_count;
  total := total + deleted;
  delete from journal_other j where not exists (select 1 from live_executions l where l.id = j.execution_id)
    and not exists (select 1 from executions x where x.id = j.execution_id);
  get diagnostics deleted = row_count;
  total := total + deleted;
  delete from payloads_other p where not exists (select 1 from live_executions l where l.id = p.execution_id)
    and not exists (select 1 from executions x where x.id = p.execution_id);
  get diagnostics deleted = row_count;
  total := total + deleted;
  update dead_letters d set status = 'pending' where d.status = 'scheduled' and d.updated_at < now() - interval '5 minutes'
    and not exists (select 1 from live_executions l where l.id = d.execution_id);
  delete from dead_letters d where not exists (select 1 from live_executions l where l.id = d.execution_id)
    and not exists (select 1 from executions x where x.id = d.execution_id);
  get diagnostics deleted = row_count;
  total := total + deleted;
  delete from approvals a where not exists (select 1 from live_executions l where l.id = a.execution_id)
    and not exists (select 1 from executions x where x.id = a.execution_id);
  get diagnostics deleted = row_count;
  return total + deleted;
end
$$;
