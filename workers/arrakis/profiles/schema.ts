import type { Schema } from "../../database/migrate";

export const schema: Schema = {
  name: "arrakis",
  migrations: [
    `create table arrakis.communities (
    guild_id text primary key,
    name text,
    active boolean not null,
    event_at timestamptz not null
  );
  create table arrakis.profiles (
    guild_id text not null,
    user_id text not null,
    nym text,
    wallet text,
    tier text,
    balance numeric not null default 0,
    active boolean not null default true,
    activity integer not null default 0,
    alerts boolean not null default false,
    roles text[] not null default '{}',
    event_at timestamptz not null default '-infinity',
    checked_at timestamptz not null default '-infinity',
    primary key (guild_id, user_id)
  );
  create index profiles_balance on arrakis.profiles (guild_id, balance desc) where active;
  create index profiles_wallet on arrakis.profiles (wallet) where wallet is not null;
  create table arrakis.badges (
    guild_id text not null,
    user_id text not null,
    badge text not null,
    granted_by text not null,
    granted_at timestamptz not null default now(),
    primary key (guild_id, user_id, badge)
  )`,
    `alter table arrakis.profiles
    add column wallet_at timestamptz not null default '-infinity',
    add column roles_at timestamptz not null default '-infinity';
  create table arrakis.sync_changes (
    guild_id text not null,
    sync_id text not null,
    wallet text not null,
    result jsonb not null,
    noted_at timestamptz not null default now(),
    primary key (guild_id, sync_id, wallet)
  );
  create index sync_changes_noted on arrakis.sync_changes (noted_at)`,
  ],
};
