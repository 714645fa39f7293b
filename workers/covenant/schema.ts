import type { Schema } from "../database/migrate";

export const schema: Schema = {
  name: "covenant",
  migrations: [
    // Of a stream that was deleted and made again sequences begin at 1 again: the time tells its messages apart.
    `create table covenant.events (
    stream text not null,
    sequence bigint not null,
    durable text not null,
    stored_at timestamptz not null,
    entity text not null,
    action text not null,
    key text not null,
    payload jsonb not null,
    received_at timestamptz not null default now(),
    primary key (stream, sequence, durable, stored_at)
  );
  create index events_by_key on covenant.events (entity, key, stored_at)`,
    // Numbers instead of timestamps, text instead of JSON: what is hashed must come back as it was.
    `create table covenant.trail (
    stream text not null,
    position bigint not null check (position > 0),
    generation integer not null,
    kind text not null check (kind in ('message', 'expired', 'dead-lettered', 'late')),
    sequence bigint not null,
    last_sequence bigint not null check (last_sequence >= sequence),
    stored_ns bigint,
    subject text,
    headers text,
    body bytea,
    detail text,
    recorded_ms bigint not null,
    previous bytea not null,
    hash bytea not null,
    primary key (stream, position)
  );
  create unique index trail_by_sequence on covenant.trail (stream, generation, sequence) where kind <> 'late';
  create unique index trail_late on covenant.trail (stream, generation, sequence) where kind = 'late';
  create table covenant.trail_heads (
    stream text primary key,
    position bigint not null,
    generation integer not null,
    sequence bigint not null,
    stored_ns bigint not null,
    hash bytea not null
  );
  create function covenant.refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception 'covenant.trail is append-only: % is refused', tg_op using errcode = 'insufficient_privilege';
    end
  $$;
  create trigger trail_is_append_only before update or delete or truncate on covenant.trail
    for each statement execute function covenant.refuse_change()`,
    // Messages of several generations of a stream may have the same sequence, and each may come late.
    `drop index covenant.trail_late;
  create unique index trail_late on covenant.trail (stream, sequence, generation, (stored_ns / 1000000))
    where kind = 'late'`,
  ],
};
