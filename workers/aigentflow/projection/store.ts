import { type Database, openDatabase } from "../../database/database";
import { deleteOld } from "../../database/delete-old";
import type { DatabaseSettings } from "../../database/settings";
import type { Events, Kind } from "../kinds";
import { baseMessageSchema } from "../messages";
import type { State } from "../queries";
import { schema } from "./schema";

/** Of what a state is. */
export type StateKey = Pick<State, "kind" | "tenantId" | "id">;

/** The newest state of each agent, workflow, task and audited resource. */
export interface StateStore {
  /**
   * Takes an event over, once: an event whose id is known changes nothing, nor does one that its stream had before the
   * state's own.
   *
   * @param sequence of the event in its stream. `undefined` for a replayed dead letter, whose place in the stream is
   *   not known: it counts as newer where its sender's time is
   * @returns whether the state is now that of the event
   */
  apply<K extends Kind>(kind: K, event: Events[K], sequence?: number): Promise<boolean>;
  find(key: StateKey): Promise<State | undefined>;
  /** Forgets ids of events that were seen longer than `age` milliseconds ago; returns how many. */
  purge(age: number): Promise<number>;
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * States in PostgreSQL or PGlite.
 *
 * @param onError told of connections that end while they are not in use
 * @throws Error where another process has the folder of PGlite
 */
export const stateStore = (settings: DatabaseSettings, onError: (error: Error) => void): StateStore =>
  storeOf(openDatabase(settings, schema, onError));

const storeOf = ({ query, check, close }: Database): StateStore => ({
  async apply(kind, event, sequence) {
    const { rowCount } = await query(
      `with fresh as (
         insert into aigentflow.events (tenant_id, event_id) values ($2, $5) on conflict do nothing returning event_id
       )
       insert into aigentflow.states as known (kind, tenant_id, id, type, event_id, details, occurred_at, sequence)
       select $1, $2, $3, $4, event_id, $6, $7, coalesce($8, 0) from fresh
       on conflict (kind, tenant_id, id) do update
         set type = excluded.type, event_id = excluded.event_id, details = excluded.details,
             occurred_at = excluded.occurred_at, sequence = greatest(known.sequence, excluded.sequence),
             updated_at = now()
         where case when $8::bigint is null then known.occurred_at < excluded.occurred_at
                    else known.sequence < excluded.sequence end`,
      [
        ...[kind, event.tenantId, idOf[kind](event), event.type, event.id],
        ...[JSON.stringify(detailsOf(event)), event.timestamp, sequence ?? null],
      ],
    );
    return rowCount === 1;
  },

  async find({ kind, tenantId, id }) {
    const { rows } = await query<Row>(
      `select type, event_id, details, occurred_at, sequence from aigentflow.states
       where kind = $1 and tenant_id = $2 and id = $3`,
      [kind, tenantId, id],
    );
    const [row] = rows;
    return (
      row && {
        ...{ kind, tenantId, id, type: row.type, eventId: row.event_id, details: row.details },
        timestamp: row.occurred_at.toISOString(),
        sequence: Number(row.sequence),
      }
    );
  },

  purge: (age) => deleteOld(query, { table: "aigentflow.events", key: "tenant_id, event_id", time: "seen_at" }, age),

  check,
  close,
});

interface Row {
  type: string;
  event_id: string;
  details: Record<string, unknown>;
  occurred_at: Date;
  /** 64 bits: text. */
  sequence: string;
}

/** Of what an event tells something, by kind. */
const idOf: { [K in Kind]: (event: Events[K]) => string } = {
  agent: ({ agentId }) => agentId,
  workflow: ({ workflowId }) => workflowId,
  task: ({ taskId }) => taskId,
  audit: ({ resourceType, resourceId }) => `${resourceType}/${resourceId}`,
};

const columns: ReadonlySet<string> = new Set([...Object.keys(baseMessageSchema.shape), "type"]);

/** What an event has beside what the table has columns for. */
const detailsOf = (event: object): object =>
  Object.fromEntries(Object.entries(event).filter(([field]) => !columns.has(field)));
