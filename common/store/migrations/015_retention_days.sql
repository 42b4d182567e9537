-- How long a workflow keeps its history when its current version says so; null: as long as the server, 0: for ever. Set when a
-- workflow is saved.
alter table workflows add column retention_days integer check (retention_days >= 0);
create index workflows_with_retention on workflows (name) where retention_days is not null;

-- What ended before this moment is too old for a workflow that says itself how long it keeps its history.
create function history_begins(retention_days integer, moment timestamptz) returns timestamptz language sql stable as $$
  select case when retention_days = 0 then '-infinity'::timestamptz else moment - make_interval(hours => 24 * retention_days) end
$$;

-- Whether a day that is old by the server's rule holds history of a workflow that keeps it longer.
create function day_is_kept(day date, until timestamptz, moment timestamptz) returns boolean language plpgsql stable as $$
declare
  partition text := 'executions_' || to_char(day, 'YYYYMMDD');
  kept boolean;
begin
  if not exists (select 1 from workflows where retention_days is not null) or to_regclass(format('%I', partition)) is null then
    return false;
  end if;
  execute format('select exists (select 1 from (select name, history_begins(retention_days, $2) as begins from workflows '
                 'where retention_days is not null) w where w.begins < $1 and exists (select 1 from %I x '
                 'where x.workflow_name = w.name and x.finished_at >= w.begins))', partition)
    into kept using until, moment;
  return kept;
end
$$;

-- Where single executions have to go: those of workflows with a number of days of their own, anywhere; and all others in the days
-- that are kept.
create function old_history(until timestamptz, moment timestamptz)
returns table (partition text, workflow text, ended_before timestamptz) language plpgsql stable as $$
declare
  one record;
begin
  return query select 'executions'::text, w.name, history_begins(w.retention_days, moment) from workflows w where w.retention_days > 0;
  for one in select d.partition as name, d.day from old_day_partitions(until) d where d.base = 'executions' loop
    continue when not day_is_kept(one.day, until, moment);
    -- The names in it, each found from the one before through the index.
    return query execute format(
      'with recursive names(name) as ((select workflow_name from %1$I order by workflow_name limit 1) '
      'union all select (select x.workflow_name from %1$I x where x.workflow_name > n.name order by x.workflow_name limit 1) '
      'from names n where n.name is not null) '
      'select %1$L::text, n.name, $1 from names n where n.name is not null '
      'and not exists (select 1 from workflows w where w.name = n.name and w.retention_days is not null)', one.name)
      using until;
  end loop;
end
$$;

-- Deletes up to `most` of them with all that is recorded of them. What lives, or somebody still waits for, stays. `seen` less
-- than `most`: these were the last.
create function delete_old_history(partition text, workflow text, ended_before timestamptz, most integer,
                                   out seen bigint, out deleted bigint) language plpgsql as $$
declare
  ids uuid[];
  count bigint;
begin
  -- In the order of all others.
  lock table only payloads in row exclusive mode;
  lock table only journal in row exclusive mode;
  lock table only executions in row exclusive mode;
  -- Locked: nobody begins one of them again from here on (who does so locks the row as well).
  execute format('select array_agg(id), count(*) from (select x.id from %I x where x.workflow_name = $1 and x.started_at < $2 '
                 'and x.finished_at < $2 and not exists (select 1 from live_executions l where l.id = x.id) '
                 'and not exists (select 1 from executions y where y.id = x.id and y.finished_at >= $2) '
                 'and not exists (select 1 from awaited_children a where a.child_id = x.id) '
                 'order by x.started_at limit $3 for update of x skip locked) page', partition)
    into ids, seen using workflow, ended_before, most;
  ids := array(select distinct page.id from unnest(ids) as page (id)
                where not exists (select 1 from live_executions l where l.id = page.id));
  delete from payloads p where p.execution_id = any (ids);
  get diagnostics deleted = row_count;
  delete from journal j where j.execution_id = any (ids);
  get diagnostics count = row_count;
  deleted := deleted + count;
  delete from executions x where x.id = any (ids);
  get diagnostics count = row_count;
  deleted := deleted + count;
end
$$;

-- As before; a day that is kept has to wait.
drop function drop_day_partition(text, text, date, timestamptz);
create function drop_day_partition(base text, partition text, day date, until timestamptz, moment timestamptz default now())
returns bigint language plpgsql as $$
declare
  keep uuid[];
  carried bigint;
begin
  if to_regclass(format('%I', partition)) is null then
    return null;
  end if;
  if base = 'executions' then
    if day_is_kept(day, until, moment) then
      return null;
    end if;
    -- What ended after `until` is not old. Only what is live now can still end into this partition.
    execute format('select coalesce(array_agg(id), ''{}'') from (select id from %I where finished_at >= $1 '
                   'union select id from live_executions where id >= $2 and id < $3) late', partition)
      into keep using until, first_id_of(day), first_id_of(day + 1);
  elsif to_regclass(format('%I', 'executions_' || to_char(day, 'YYYYMMDD'))) is not null then
    return null;
  end if;
  execute format('lock table %I in access exclusive mode', base);
  -- From here on nobody begins an execution of this day again.
  select array_agg(id) into keep
    from (select unnest(keep) as id
          union select id from live_executions where id >= first_id_of(day) and id < first_id_of(day + 1)
          union select id from executions where base <> 'executions' and id >= first_id_of(day) and id < first_id_of(day + 1)) kept;
  execute format('alter table %I detach partition %I', base, partition);
  execute format('insert into %I select * from %I where %I = any ($1)', base, partition,
                 case base when 'executions' then 'id' else 'execution_id' end) using keep;
  get diagnostics carried = row_count;
  execute format('drop table %I', partition);
  return carried;
end
$$;

-- As before, but what workflows with a number of days of their own have recorded is left to delete_old_history.
create or replace function delete_old_rows(until timestamptz) returns bigint language plpgsql as $$
declare
  total bigint := 0;
  deleted bigint;
begin
  delete from executions_other x where x.finished_at < until
    and not exists (select 1 from live_executions l where l.id = x.id)
    and not exists (select 1 from workflows w where w.name = x.workflow_name and w.retention_days is not null);
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
