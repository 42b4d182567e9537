-- Workflows that start when others have ended: what the current version of each says.
create table workflow_dependencies (
  workflow_id uuid not null,
  upstream text not null,                 -- the name of the other one; it need not be there (yet)
  status text not null check (status in ('completed', 'failed', 'any')),
  within_ms bigint,
  partition integer not null,             -- of workflow_id: whose owner starts it
  primary key (workflow_id, upstream)
);
create index workflow_dependencies_by_upstream on workflow_dependencies (upstream);

-- Endings of upstreams that nothing has come of yet, written by the transaction that ends the execution. The transaction that
-- starts what follows deletes those that it follows from: each counts once.
create table upstream_endings (
  id bigint generated always as identity primary key,
  workflow_id uuid not null,              -- of the workflow that waits for them
  partition integer not null,             -- of workflow_id
  upstream text not null,
  execution_id uuid not null,
  run integer not null,
  ended_at timestamptz not null
);
create index upstream_endings_by_partition on upstream_endings (partition, id);
create index upstream_endings_of_workflow on upstream_endings (workflow_id, id);
