-- Ends the transaction with SQLSTATE R8R02 when a journal row that is there says something else than the one to be written: whoever
-- writes it does not know what has happened already. Asked only when the row is there; the same row again changes nothing.
create function assert_same_entries(execution_id uuid, run integer, seq integer, there text, wanted text) returns boolean
language plpgsql as $$
begin
  if there <> wanted then
    raise exception 'journal row % of run % of execution % is there and says something else', seq, run, execution_id
      using errcode = 'R8R02';
  end if;
  return false;
end
$$;
