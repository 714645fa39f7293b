import type * as Embedded from "@electric-sql/pglite";
import type * as EmbeddedDriver from "@electric-sql/pglite/node-postgres";
import pg from "pg";
import type { Claim, Delivery, DeliveryKey, DeliveryStore } from "./delivery";
import { lockFolder } from "./folder-lock";
import { migrations } from "./migrations";

/** Where the state is kept. */
export interface DatabaseSettings {
  /** A PostgreSQL server. Default: PGlite, an embedded PostgreSQL of this process alone. */
  url?: string;
  /** PGlite's folder, one process at a time. Default: in memory, gone when the process ends. */
  folder?: string;
  /** Connections to the server. */
  connections: number;
}

/** For a connection, and for a statement, in milliseconds. */
const deadline = 5_000;

/** Deliveries that one statement deletes, at most: it has to end within its deadline. */
const batch = 10_000;

/** Any constant: migrations of processes that start at the same time run one after another. */
const migrationLock = 4_719_201;

/** The database does not answer, or not now: nothing is known of what it was asked to do. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

/**
 * The state of deliveries. The first use, and `check`, bring its schema, `irisx`, up to date; a server that does not
 * answer is asked again by the next use.
 *
 * @param onError told of connections that end while they are not in use
 * @throws Error where another process has the folder of PGlite
 */
export function deliveryStore(settings: DatabaseSettings, onError: (error: Error) => void): DeliveryStore {
  const { pool, close } = settings.url === undefined ? embedded(settings.folder) : server(settings);
  // Without a listener such an error would end the process. Of connections that are being closed it means nothing.
  pool.on("error", (error) => pool.ending || onError(error));
  let migrated: Promise<void> | undefined;
  const ready = () => {
    migrated ??= migrate(pool).catch((error: unknown) => {
      migrated = undefined;
      throw error;
    });
    return migrated;
  };
  const query: Query = async (text, values) => {
    try {
      await ready();
      return await run(pool, text, values);
    } catch (error) {
      throw isAboutStatement(error) ? error : new StoreUnavailable((error as Error).message, { cause: error });
    }
  };
  return storeOf(query, close);
}

interface Database {
  pool: pg.Pool;
  close: () => Promise<void>;
}

function server({ url, connections }: DatabaseSettings): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    application_name: "irisx",
    connectionTimeoutMillis: deadline,
    statement_timeout: deadline,
    query_timeout: deadline,
    keepAlive: true,
  });
  return { pool, close: () => pool.end() };
}

/** Loaded only here: it takes some 400 MB. */
function embedded(folder?: string): Database {
  const release = folder === undefined ? undefined : lockFolder(folder);
  const { PGlite } = require("@electric-sql/pglite") as typeof Embedded;
  const { createPgConfig } = require("@electric-sql/pglite/node-postgres") as typeof EmbeddedDriver;
  const database = new PGlite(folder ?? "memory://");
  // One connection, for good: it is the database.
  const pool = new pg.Pool({ ...createPgConfig(database), max: 1, idleTimeoutMillis: 0 });
  const close = async () => {
    await pool.end();
    await database.close();
    release?.();
  };
  return { pool, close };
}

type Query = <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<pg.QueryResult<R>>;

/** As `pool.query`, which would end the connection for any error: PGlite has only this one. */
async function run<R extends pg.QueryResultRow>(pool: pg.Pool, text: string, values?: unknown[]) {
  const client = await pool.connect();
  let lost: Error | undefined;
  try {
    return await client.query<R>(text, values);
  } catch (error) {
    if (!isAboutStatement(error)) lost = error as Error;
    throw error;
  } finally {
    client.release(lost);
  }
}

/** Classes of SQLSTATE that say something about the statement, not the server: wrong data, a constraint, wrong SQL. */
const isAboutStatement = (error: unknown): boolean =>
  error instanceof Error && "code" in error && /^(22|23|42)[0-9A-Z]{3}$/.test(String(error.code));

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock($1)", [migrationLock]);
    await client.query("create schema if not exists irisx");
    await client.query(
      "create table if not exists irisx.migrations (version integer primary key, applied_at timestamptz)",
    );
    const { rows } = await client.query<{ version: number }>(
      "select coalesce(max(version), 0)::integer as version from irisx.migrations",
    );
    // A newer process may have been here: what it knows more is not this one's to undo.
    for (let version = rows[0]!.version; version < migrations.length; version++) {
      await client.query(migrations[version]!);
      await client.query("insert into irisx.migrations values ($1, now())", [version + 1]);
    }
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

const storeOf = (query: Query, close: () => Promise<void>): DeliveryStore => ({
  async queued({ channel, id, tenantId }) {
    await query(
      `insert into irisx.deliveries (channel, id, tenant_id, status) values ($1, $2, $3, 'queued')
       on conflict do nothing`,
      [channel, id, tenantId],
    );
  },

  async claim(key, lease): Promise<Claim> {
    const { rows } = await query<{ attempts: number }>(
      `insert into irisx.deliveries as known (channel, id, tenant_id, status, attempts, leased_until)
       values ($1, $2, $3, 'sending', 1, now() + $4 * interval '1 millisecond')
       on conflict (channel, id) do update
         set status = 'sending', attempts = known.attempts + 1, leased_until = excluded.leased_until, updated_at = now()
         where known.tenant_id = excluded.tenant_id
           and known.status not in ('sent', 'logged')
           and (known.leased_until is null or known.leased_until <= now())
       returning attempts`,
      [key.channel, key.id, key.tenantId, lease],
    );
    if (rows[0]) return { kind: "claimed", attempts: rows[0].attempts };
    const found = await row(query, key);
    // It was purged in between.
    if (!found) return { kind: "busy", remaining: 0 };
    const delivery = asDelivery(found);
    if (delivery.tenantId !== key.tenantId) return { kind: "foreign" };
    if (delivery.status === "sent" || delivery.status === "logged") return { kind: "done", delivery };
    return { kind: "busy", remaining: Math.max(0, found.remaining ?? 0) };
  },

  async record({ channel, id, tenantId }, { status, provider, providerId, error }) {
    const { rows } = await query<{ attempts: number }>(
      `update irisx.deliveries
       set status = $4, provider = $5, provider_id = $6, error = $7, leased_until = null, updated_at = now()
       where channel = $1 and id = $2 and tenant_id = $3 and status not in ('sent', 'logged')
       returning attempts`,
      [channel, id, tenantId, status, provider, providerId, error && storable(error)],
    );
    return rows[0]?.attempts;
  },

  async find(key) {
    const found = await row(query, key);
    return found && asDelivery(found);
  },

  async purge(age) {
    let deleted = 0;
    for (let last = batch; last === batch; deleted += last) {
      const { rowCount } = await query(
        `delete from irisx.deliveries where (channel, id) in (
           select channel, id from irisx.deliveries
           where updated_at < now() - $1 * interval '1 millisecond' limit ${batch}
         )`,
        [age],
      );
      last = rowCount ?? 0;
    }
    return deleted;
  },

  async check() {
    await query("select 1");
  },

  close,
});

interface Row {
  channel: Delivery["channel"];
  id: string;
  tenant_id: string;
  status: Delivery["status"];
  attempts: number;
  provider: string | null;
  provider_id: string | null;
  error: string | null;
  created_at: Date;
  updated_at: Date;
  /** Milliseconds until the reservation ends. */
  remaining: number | null;
}

async function row(query: Query, { channel, id }: Omit<DeliveryKey, "tenantId">): Promise<Row | undefined> {
  const { rows } = await query<Row>(
    `select *, (extract(epoch from leased_until - now()) * 1000)::integer as remaining
     from irisx.deliveries where channel = $1 and id = $2`,
    [channel, id],
  );
  return rows[0];
}

const asDelivery = (found: Row): Delivery => ({
  channel: found.channel,
  id: found.id,
  tenantId: found.tenant_id,
  status: found.status,
  attempts: found.attempts,
  provider: found.provider ?? undefined,
  providerId: found.provider_id ?? undefined,
  error: found.error ?? undefined,
  createdAt: found.created_at,
  updatedAt: found.updated_at,
});

/** PostgreSQL stores no NUL in text (22021); of a long answer the beginning is enough. */
const storable = (text: string): string => text.replaceAll("\0", "").slice(0, 1_000);
