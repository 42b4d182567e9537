-- Live executions that only wait, and for long. A durable timer, the end of another execution or people bring them back, so nobody
-- looks for them: neither who takes their partition over nor who looks for lost messages.
alter table live_executions add column parked boolean not null default false;
create index live_awake on live_executions (partition, id) where not parked;
drop index live_executions_by_partition;
