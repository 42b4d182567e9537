-- Ends the transaction with SQLSTATE R8R02: what is to be written follows from another beginning of the execution than the one that
-- is recorded, so whoever writes it does not know what has happened already.
create function begun_already(execution_id uuid, there timestamptz) returns boolean language plpgsql as $$
begin
  raise exception 'execution % has begun already, at %', execution_id, there using errcode = 'R8R02';
end
$$;
