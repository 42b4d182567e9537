-- Outputs of nodes that are too large for a message: whoever made one stores it here, and messages, journal and memory hold a
-- reference. Written before anything names it; what nothing came to name goes with the rest of its execution. The key is the
-- SHA-256 of the data, so that the same output is stored once for an execution, however often and by whom it is made.
create table payloads (
  execution_id uuid not null,
  key text not null,
  data bytea not null,                    -- JSON text in UTF-8; bytes, because references name byte ranges
  primary key (execution_id, key)
) partition by range (execution_id);
-- Not compressed: parts are read without reading the rest.
alter table payloads alter column data set storage external;
create table payloads_other partition of payloads default;
alter table payloads_other alter column data set storage external;

-- The whole of what a reference names; any other value is itself. Null when something of it is not there.
create function whole_payload(execution uuid, value text) returns text language plpgsql stable as $$
declare
  whole text;
  complete boolean;
begin
  if value is null or left(value, 1) <> '@' then
    return value;
  end if;
  select string_agg(part, '' order by place), bool_and(part is not null) into whole, complete
    from (select place, case json_typeof(piece)
                        when 'string' then piece #>> '{}'
                        else (select convert_from(substr(p.data, (piece ->> 'at')::integer + 1, (piece ->> 'n')::integer), 'UTF8')
                                from payloads p where p.execution_id = execution and p.key = piece ->> 'p')
                        end as part
            from json_array_elements(substr(value, 2)::json) with ordinality as pieces (piece, place)) parts;
  return case when complete then whole end;
end
$$;

-- As before, and those of the payloads. In this order everywhere: who writes locks them so.
create or replace function ensure_day_partitions(first date, days integer) returns void language plpgsql as $$
declare
  day date;
  base text;
  name text;
begin
  for i in 0 .. days - 1 loop
    day := first + i;
    foreach base in array array['payloads', 'journal', 'executions'] loop
      name := base || '_' || to_char(day, 'YYYYMMDD');
      if to_regclass(format('%I', name)) is null then
        begin
          execute format('create table %I partition of %I for values from (%L) to (%L)',
                         name, base, first_id_of(day), first_id_of(day + 1));
          if base = 'payloads' then
            execute format('alter table %I alter column data set storage external', name);
          end if;
        exception when check_violation then
          -- Rows of that day are in the default partition already; they stay there.
          raise notice 'day % of % stays in the default partition', day, base;
        end;
      end if;
    end loop;
  end loop;
end
$$;
