import { type Database, DatabaseUnavailable, type Query } from "../../database/database";
import { Batches } from "../batches";
import type { Action, Entity, EntityEvent } from "../messages";

/** An event as it is stored: one row for each message and durable. */
export interface StoredEvent {
  stream: string;
  sequence: number;
  durable: string;
  /** When its stream stored it. */
  storedAt: Date;
  entity: Entity;
  action: Action;
  key: string;
  payload: EntityEvent;
}

/** Events that are written together, at most. */
const mostTogether = 500;

/** The table `covenant.events`. */
export class EventStore {
  private readonly batches: Batches<{ event: StoredEvent; fail: (error: unknown) => void }>;

  constructor(database: Pick<Database, "query">) {
    this.batches = new Batches((items) => write(database.query, items), mostTogether);
  }

  /**
   * Writes an event, together with others that come at the same time; the same event again changes nothing.
   *
   * @throws DatabaseUnavailable, or why the database refuses this event
   */
  async put(event: StoredEvent): Promise<void> {
    let refused: { error: unknown } | undefined;
    await this.batches.add({ event, fail: (error) => (refused = { error }) });
    if (refused) throw refused.error;
  }
}

/** One event that the database refuses must not keep the others from being written. */
async function write(
  query: Query,
  items: readonly { event: StoredEvent; fail: (error: unknown) => void }[],
): Promise<void> {
  try {
    await upsert(
      query,
      items.map(({ event }) => event),
    );
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw error;
    if (items.length === 1) return items[0]!.fail(error);
    for (const item of items) await write(query, [item]);
  }
}

async function upsert(query: Query, events: readonly StoredEvent[]): Promise<void> {
  // One statement cannot write a row twice (21000).
  const rows = [...new Map(events.map((event) => [identityOf(event), event])).values()];
  await query(
    `insert into covenant.events (stream, sequence, durable, stored_at, entity, action, key, payload)
     select * from unnest(
       $1::text[], $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::jsonb[]
     )
     on conflict (stream, sequence, durable, stored_at) do update
       set entity = excluded.entity, action = excluded.action, key = excluded.key, payload = excluded.payload`,
    [
      rows.map(({ stream }) => stream),
      rows.map(({ sequence }) => sequence),
      rows.map(({ durable }) => durable),
      rows.map(({ storedAt }) => storedAt.toISOString()),
      rows.map(({ entity }) => entity),
      rows.map(({ action }) => action),
      rows.map(({ key }) => key),
      rows.map(({ payload }) => JSON.stringify(payload)),
    ],
  );
}

const identityOf = ({ stream, sequence, durable, storedAt }: StoredEvent): string =>
  JSON.stringify([stream, sequence, durable, storedAt]);
