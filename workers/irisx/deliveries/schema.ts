import type { Schema } from "../../database/migrate";

export const schema: Schema = {
  name: "irisx",
  migrations: [
    `create table irisx.deliveries (
    channel text not null check (channel in ('sms', 'email', 'webhook')),
    id uuid not null,
    tenant_id text not null,
    status text not null check (status in ('queued', 'sending', 'retrying', 'sent', 'logged', 'failed')),
    attempts integer not null default 0,
    provider text,
    provider_id text,
    error text,
    leased_until timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (channel, id)
  );
  create index deliveries_updated_at on irisx.deliveries (updated_at)`,
  ],
};
