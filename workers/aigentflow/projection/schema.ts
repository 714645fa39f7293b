import type { Schema } from "../../database/migrate";

export const schema: Schema = {
  name: "aigentflow",
  migrations: [
    `create table aigentflow.states (
    kind text not null check (kind in ('agent', 'workflow', 'task', 'audit')),
    tenant_id uuid not null,
    id text not null,
    type text not null,
    event_id uuid not null,
    details jsonb not null,
    occurred_at timestamptz not null,
    sequence bigint not null,
    updated_at timestamptz not null default now(),
    primary key (kind, tenant_id, id)
  );
  create table aigentflow.events (
    tenant_id uuid not null,
    event_id uuid not null,
    seen_at timestamptz not null default now(),
    primary key (tenant_id, event_id)
  );
  create index events_seen_at on aigentflow.events (seen_at)`,
  ],
};
