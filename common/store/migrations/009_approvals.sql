-- What executions ask people. The rows are written by the commits of their executions; they stay as a record.
create table approvals (
  id uuid primary key,
  execution_id uuid not null,
  run integer not null,
  partition integer not null,                      -- of the execution
  node_id text not null,
  workflow_name text not null,
  title text not null,
  description text,
  status text not null default 'pending',          -- pending, approved, rejected, expired (the execution ended first)
  comment text,
  decided_by text,
  input text not null,                             -- JSON: what it is about
  default_action text,
  assignee text,
  groups text not null default '',                 -- one a line
  created_at timestamptz not null,
  expires_at timestamptz,
  decided_at timestamptz
);
create index approvals_by_time on approvals (created_at desc, id desc);
create index approvals_pending on approvals (created_at desc, id desc) where status = 'pending';
create index approvals_by_execution on approvals (execution_id);
