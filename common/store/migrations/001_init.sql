-- The first schema. Once landed this file never changes; what follows gets a new number.

-- Facts fixed when the database is made: 'partitions' is how many partitions executions hash into.
create table settings (
  name text primary key,
  value text not null
);

create table workflows (
  id uuid primary key,
  name text not null unique,
  description text not null default '',
  enabled boolean not null default true,
  version integer not null,               -- the current one
  node_count integer not null,
  trigger_count integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  created_by text not null default ''
);

-- Immutable: the text as it was written.
create table workflow_versions (
  workflow_id uuid not null,
  version integer not null,
  definition text not null,
  checksum text not null,                 -- SHA-256 of definition, hex
  created_at timestamptz not null,
  created_by text not null default '',
  changelog text not null default '',
  primary key (workflow_id, version)
);

-- Executions that have not ended: small, mutable, always in cache. Payloads are JSON text that the database never parses.
create table live_executions (
  id uuid primary key,
  run integer not null default 1,         -- a resumed execution comes back to life as run + 1
  partition integer not null,
  workflow_id uuid not null,
  workflow_version integer not null,
  workflow_name text not null,
  status text not null default 'pending',
  trigger_type text not null,
  origin text not null,
  input text not null,
  webhook text,                           -- execution.webhook of a webhook call
  correlation_id text not null,
  idempotency_key text,
  traceparent text,
  accepted_at timestamptz not null,
  started_at timestamptz
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_insert_scale_factor = 0.0, autovacuum_vacuum_insert_threshold = 200000,
        autovacuum_vacuum_cost_delay = 0);
create index live_executions_by_partition on live_executions (partition, id);

-- Executions that have ended: append-only. The primary key makes a second ending of a run impossible.
create table executions (
  id uuid not null,
  run integer not null,
  workflow_id uuid not null,
  workflow_version integer not null,
  workflow_name text not null,
  status text not null,
  trigger_type text not null,
  origin text not null,
  input text not null,
  webhook text,
  correlation_id text not null,
  idempotency_key text,
  traceparent text,
  accepted_at timestamptz not null,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  output text,
  error text,
  error_node text,
  trace text not null,                    -- the journal entries of the last commit (all of them, for a run of one segment)
  primary key (id, run)
) partition by range (id);
create table executions_other partition of executions default;

-- Append-only progress of live executions: one row per commit and execution, entries as a JSON array.
create table journal (
  execution_id uuid not null,
  run integer not null,
  seq integer not null,
  entries text not null,
  primary key (execution_id, run, seq)
) partition by range (execution_id);
create table journal_other partition of journal default;

create table idempotency_keys (
  key text primary key,
  fingerprint text not null,
  execution_id uuid not null,
  created_at timestamptz not null
);

-- Durable timers of waiting nodes and retries.
create table timers (
  execution_id uuid not null,
  node_id text not null,
  partition integer not null,
  fire_at timestamptz not null,
  primary key (execution_id, node_id)
);
create index timers_by_time on timers (partition, fire_at);

-- One row per life of a scheduler process. The number is its epoch and the key of its advisory lock.
create table schedulers (
  incarnation bigint generated always as identity primary key,
  name text not null,
  started_at timestamptz not null default now(),
  lease_until timestamptz not null,
  fenced boolean not null default false
);

create table partitions (
  id integer primary key,
  owner bigint
);

-- The day that begins at `day` (UTC) as the smallest id of that day: ids begin with 48 bits of Unix milliseconds.
create function first_id_of(day date) returns uuid language sql immutable as $$
  select (lpad(to_hex((extract(epoch from day)::bigint) * 1000), 12, '0') || '00000000000000000000')::uuid
$$;

-- Makes the daily partitions of history and journal from `first` for `days` days; those that exist are left as they are.
-- The journal first: writers lock the two in that order as well.
create function ensure_day_partitions(first date, days integer) returns void language plpgsql as $$
declare
  day date;
  base text;
begin
  for i in 0 .. days - 1 loop
    day := first + i;
    foreach base in array array['journal', 'executions'] loop
      if to_regclass(format('%I', base || '_' || to_char(day, 'YYYYMMDD'))) is null then
        begin
          execute format('create table %I partition of %I for values from (%L) to (%L)',
                         base || '_' || to_char(day, 'YYYYMMDD'), base, first_id_of(day), first_id_of(day + 1));
        exception when check_violation then
          -- Rows of that day are in the default partition already; they stay there.
          raise notice 'day % of % stays in the default partition', day, base;
        end;
      end if;
    end loop;
  end loop;
end
$$;

-- Ends the transaction with SQLSTATE R8R01 unless this incarnation may still write. Called in a statement of its own after
-- the advisory lock is held, so that it sees what a taker committed before.
create function assert_not_fenced(mine bigint) returns void language plpgsql as $$
begin
  if not exists (select 1 from schedulers where incarnation = mine and not fenced) then
    raise exception 'incarnation % is fenced', mine using errcode = 'R8R01';
  end if;
end
$$;

-- Both kinds of execution for readers, the latest run of each.
create view all_executions as
  select id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, input, webhook, correlation_id,
         idempotency_key, traceparent, accepted_at, started_at, null::timestamptz as finished_at, null::text as output,
         null::text as error, null::text as error_node, null::text as trace, true as live
    from live_executions
  union all
  select id, run, workflow_id, workflow_version, workflow_name, status, trigger_type, origin, input, webhook, correlation_id,
         idempotency_key, traceparent, accepted_at, started_at, finished_at, output, error, error_node, trace, false
    from executions;

-- One line per journal entry, over journal and history, for people with psql.
create view node_events as
  select j.execution_id, j.run, j.seq, e.value as entry
    from journal j cross join lateral json_array_elements(j.entries::json) e
  union all
  select x.id, x.run, 2147483647, e.value
    from executions x cross join lateral json_array_elements(x.trace::json) e;
