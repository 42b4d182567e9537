-- Days whose time has come leave as whole partitions; what of them still lives or ended late is carried over to the default
-- partition first.

-- Found without an index of its own row by row: old keys lie where the table begins.
create index idempotency_keys_by_time on idempotency_keys using brin (created_at);

-- Day partitions whose last moment was before `until`, history first: who reads meets no execution whose journal is gone.
create function old_day_partitions(until timestamptz) returns table (base text, partition text, day date)
language sql stable as $$
  select base, partition, day
    from (select parent.relname::text as base, child.relname::text as partition,
                 case when child.relname ~ ('^' || parent.relname || '_[0-9]{8}$')
                      then to_date(right(child.relname, 8), 'YYYYMMDD') end as day
            from pg_inherits i
            join pg_class parent on parent.oid = i.inhparent
            join pg_class child on child.oid = i.inhrelid
           where i.inhparent in ('executions'::regclass, 'journal'::regclass, 'payloads'::regclass)) days
   where (day + 1)::timestamp at time zone 'utc' <= until
   order by base <> 'executions', day, base
$$;

-- Drops one of them. Returns how many rows of it were carried over; null when it is not there, or must wait because history of
-- that day is still there. The lock on `base` is held for what is written here and no longer: what takes time to find is found
-- before.
create function drop_day_partition(base text, partition text, day date, until timestamptz) returns bigint
language plpgsql as $$
declare
  keep uuid[];
  carried bigint;
begin
  if to_regclass(format('%I', partition)) is null then
    return null;
  end if;
  if base = 'executions' then
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

-- Rows outside of day partitions that are of no use any more: history that ended before `until`, journal and payloads of
-- executions that are not there.
create function delete_old_rows(until timestamptz) returns bigint language plpgsql as $$
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
  return total + deleted;
end
$$;
