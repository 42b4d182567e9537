-- Webhook calls that are debounced wait among the delayed starts. Those of one workflow, trigger and key that come before the
-- start share one row: a later call replaces the input and moves run_at, up to latest_start.
alter table delayed_starts add column webhook text;                 -- execution.webhook of the last call
alter table delayed_starts add column debounce_trigger text;        -- methods and path of the trigger
alter table delayed_starts add column debounce_key text;
alter table delayed_starts add column first_call_at timestamptz;
alter table delayed_starts add column latest_start timestamptz;
create unique index delayed_starts_debounced on delayed_starts (workflow_id, debounce_trigger, debounce_key)
  where debounce_key is not null;
