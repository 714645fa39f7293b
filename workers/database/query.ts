import type pg from "pg";

/** Runs one statement, with `$1`, `$2`, ... for its values. */
export type Query = <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<pg.QueryResult<R>>;
