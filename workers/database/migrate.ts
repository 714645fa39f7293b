import type { Query } from "./query";

/** What a system keeps in its database, in a PostgreSQL schema of its own. */
export interface Schema {
  /** Of the PostgreSQL schema, and of connections. */
  readonly name: string;
  /**
   * Changes, in order. An entry that was released is never edited: the next one changes what it made. All are applied
   * in one transaction, by the process that starts first.
   */
  readonly migrations: readonly string[];
}

/** Any constant: migrations of processes that start at the same time run one after another. */
const migrationLock = 4_719_201;

/** Brings the schema up to date, within the caller's transaction. */
export async function migrate(query: Query, { name, migrations }: Schema): Promise<void> {
  await query("select pg_advisory_xact_lock($1)", [migrationLock]);
  await query(`create schema if not exists ${name}`);
  await query(`create table if not exists ${name}.migrations (version integer primary key, applied_at timestamptz)`);
  const { rows } = await query<{ version: number }>(
    `select coalesce(max(version), 0)::integer as version from ${name}.migrations`,
  );
  // A newer process may have been here: what it knows more is not this one's to undo.
  for (let version = rows[0]!.version; version < migrations.length; version++) {
    await query(migrations[version]!);
    await query(`insert into ${name}.migrations values ($1, now())`, [version + 1]);
  }
}
