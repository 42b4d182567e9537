-- Events that came with an idempotency key, and what they were answered.
create table event_keys (
  key text primary key,
  fingerprint text not null,
  event_id uuid not null,
  answer text not null,
  created_at timestamptz not null default now()
);
create index event_keys_by_time on event_keys (created_at);

-- Executions that an event starts later. A row becomes a live execution by the statement that deletes it.
create table delayed_starts (
  execution_id uuid primary key,
  partition integer not null,
  run_at timestamptz not null,
  workflow_id uuid not null,
  workflow_version integer not null,
  workflow_name text not null,
  trigger_type text not null,
  input text not null,
  correlation_id text not null,
  traceparent text
);
create index delayed_starts_by_time on delayed_starts (partition, run_at);
