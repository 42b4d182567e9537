-- Cron triggers: what each has done, and a key for every time that has fired, so that no time fires twice whoever believes to
-- be in charge. A trigger is named by its schedule and time zone: a later version of the workflow that keeps both goes on.
create table schedules (
  workflow_id uuid not null,
  trigger text not null,
  last_scheduled_at timestamptz not null, -- the time that was recorded last
  last_fired_at timestamptz not null,
  last_execution_id uuid,                 -- null: no execution came of it, last_error says why
  last_error text,
  fired bigint not null,
  failed bigint not null,
  missed bigint not null,                 -- times that passed without a scheduler, or while nothing could be recorded
  primary key (workflow_id, trigger)
);

create table schedule_firings (
  workflow_id uuid not null,
  trigger text not null,
  scheduled_at timestamptz not null,
  execution_id uuid,
  fired_at timestamptz not null default now(),
  primary key (workflow_id, trigger, scheduled_at)
);
create index schedule_firings_by_time on schedule_firings (fired_at);
