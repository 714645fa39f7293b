import type * as Embedded from "@electric-sql/pglite";
import type * as EmbeddedDriver from "@electric-sql/pglite/node-postgres";
import pg from "pg";
import { lockFolder } from "./folder-lock";
import { migrate, type Schema } from "./migrate";
import type { Query } from "./query";
import type { DatabaseSettings } from "./settings";

export type { Query } from "./query";

/** A system's part of a PostgreSQL database. */
export interface Database {
  /** @throws DatabaseUnavailable where the database does not answer or lacks something; else the statement's error */
  readonly query: Query;
  /**
   * Runs statements in one transaction: all of them count, or none. `work` runs once; what it throws rolls back.
   *
   * @throws as `query`, and what `work` throws. After DatabaseUnavailable it is not known whether it was committed
   */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Rejects if it cannot be used now. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** For a connection, and for a statement, in milliseconds. */
const deadline = 5_000;

/**
 * The database does not answer, or not now: nothing is known of what it was asked to do. Or it lacks a table or right:
 * every message would fail until that is there.
 */
export class DatabaseUnavailable extends Error {
  override readonly name = "DatabaseUnavailable";
}

/**
 * Opens a database. The first use, and `check`, bring the schema up to date; a server that does not answer is asked
 * again by the next use.
 *
 * @param schema without `migrations` nothing is made or changed: for what only reads
 * @param onError told of connections that end while they are not in use
 * @throws Error where another process has the folder of PGlite
 */
export function openDatabase(
  settings: DatabaseSettings,
  { name, migrations }: Pick<Schema, "name"> & Partial<Schema>,
  onError: (error: Error) => void,
): Database {
  const { pool, close } = settings.url === undefined ? embedded(settings.folder) : server(settings, name);
  // Without a listener such an error would end the process. Of connections that are being closed it means nothing.
  pool.on("error", (error) => pool.ending || onError(error));
  let migrated: Promise<void> | undefined;
  const ready = async () => {
    if (!migrations) return;
    const schema = { name, migrations };
    migrated ??= withQuery(pool, (query) => inTransaction(query, () => migrate(query, schema))).catch(
      (error: unknown) => {
        migrated = undefined;
        throw error;
      },
    );
    await migrated;
  };
  async function use<T>(work: (query: Query) => Promise<T>): Promise<T> {
    await ready();
    return withQuery(pool, work);
  }
  return {
    query: (text, values) => use((query) => query(text, values)),
    transaction: (work) => use((query) => inTransaction(query, () => work(query))),
    async check() {
      await use((query) => query("select 1"));
    },
    close,
  };
}

interface Connections {
  pool: pg.Pool;
  close: () => Promise<void>;
}

function server({ url, connections }: DatabaseSettings, name: string): Connections {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    application_name: name,
    connectionTimeoutMillis: deadline,
    statement_timeout: deadline,
    query_timeout: deadline,
    keepAlive: true,
  });
  return { pool, close: () => pool.end() };
}

/** Loaded only here: it takes some 400 MB. */
function embedded(folder?: string): Connections {
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

/** As `pool.query`, which would end the connection for any error: PGlite has only this one. */
async function withQuery<T>(pool: pg.Pool, work: (query: Query) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw isAboutStatement(error) ? error : unavailable(error);
  });
  let lost: DatabaseUnavailable | undefined;
  // Between two statements the end of the connection would end the process: the pool listens to idle connections only.
  const onError = (error: Error) => void (lost = unavailable(error));
  client.on("error", onError);
  const query: Query = async <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => {
    try {
      return await client.query<R>(text, values);
    } catch (error) {
      if (isAboutStatement(error)) throw error;
      if (isAboutDeployment(error)) throw unavailable(error);
      throw (lost = unavailable(error));
    }
  };
  try {
    return await work(query);
  } finally {
    client.off("error", onError);
    client.release(lost);
  }
}

const unavailable = (error: unknown) => new DatabaseUnavailable((error as Error).message, { cause: error });

const isOfClass = (error: unknown, classes: RegExp): boolean =>
  error instanceof Error && "code" in error && String(error.code).length === 5 && classes.test(String(error.code));

/**
 * Classes of SQLSTATE that say something about the statement's values, not the server: wrong data, a constraint, a
 * limit of the program (an index entry that is too large).
 */
const isAboutStatement = (error: unknown): boolean => isOfClass(error, /^(22|23|54)/);

/** A table, column or right that is missing, or wrong SQL: the same for all values. */
const isAboutDeployment = (error: unknown): boolean => isOfClass(error, /^42/);

async function inTransaction<T>(query: Query, work: () => Promise<T>): Promise<T> {
  await query("begin");
  try {
    const result = await work();
    await query("commit");
    return result;
  } catch (error) {
    await query("rollback").catch(() => undefined);
    throw error;
  }
}
