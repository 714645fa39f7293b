import type { Query } from "./query";

/** Rows that one statement deletes, at most: it has to end within its deadline. */
const batch = 10_000;

/**
 * Deletes the rows of a table whose time is longer ago than `age`, in milliseconds.
 *
 * @param key columns of the primary key
 * @param time column with the time that counts
 * @returns how many
 */
export async function deleteOld(
  query: Query,
  { table, key, time }: { table: string; key: string; time: string },
  age: number,
): Promise<number> {
  let deleted = 0;
  for (let last = batch; last === batch; deleted += last) {
    const { rowCount } = await query(
      `delete from ${table} where (${key}) in (
         select ${key} from ${table} where ${time} < now() - $1 * interval '1 millisecond' limit ${batch}
       )`,
      [age],
    );
    last = rowCount ?? 0;
  }
  return deleted;
}
