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

/**
 * Brings the schema up to date, within the caller's transaction. It makes only what is missing: a user without the
 * right to create may use what another has made.
 */
export async function migrate(query: Query, { name, migrations }: Schema): Promise<void> {
  if ((await versionOf(query, name)) >= migrations.length) return;
  await query("select pg_advisory_xact_lock($1)", [migrationLock]);
  const { rowCount } = await query("select from pg_namespace where nspname = $1", [name]);
  if (rowCount === 0) await query(`create schema ${name}`);
  const before = await versionOf(query, name);
  if (before < 0) await query(`create table ${name}.migrations (version integer primary key, applied_at timestamptz)`);
  // A newer process may have been here: what it knows more is not this one's to undo.
  for (let version = Math.max(before, 0); version < migrations.length; version++) {
    await query(migrations[version]!);
    await query(`insert into ${name}.migrations values ($1, now())`, [version + 1]);
  }
}

/** How many migrations were applied; -1 where the table that says so is missing. */
async function versionOf(query: Query, name: string): Promise<number> {
  const found = await query<{ known: string | null }>("select to_regclass($1) as known", [`${name}.migrations`]);
  if (found.rows[0]!.known === null) return -1;
  const { rows } = await query<{ version: number }>(
    `select coalesce(max(version), 0)::integer as version from ${name}.migrations`,
  );
  return rows[0]!.version;
}
