import { isDeepStrictEqual } from "node:util";
import type { Change, FieldsOf, Picture } from "../picture";

/** What makes one picture the other. Pure. */
export const changeOf = (before: Picture, now: Picture): Change => ({
  head: now.head,
  streams: changedRows(before.streams, now.streams),
  durables: changedRows(before.durables, now.durables),
  gone: { streams: goneRows(before.streams, now.streams), durables: goneRows(before.durables, now.durables) },
});

/** Most of a row never changes, and thousands of them do at each look: whole, they would be a megabyte. */
const changedRows = <Row extends object>(
  before: Record<string, Row>,
  now: Record<string, Row>,
): Record<string, FieldsOf<Row>> =>
  Object.fromEntries(
    Object.entries(now).flatMap(([id, row]) => {
      const fields = changedFields(before[id] ?? ({} as Partial<Row>), row);
      return Object.keys(fields).length > 0 ? [[id, fields]] : [];
    }),
  );

function changedFields<Row extends object>(before: Partial<Row>, now: Row): FieldsOf<Row> {
  const changed: FieldsOf<Row> = {};
  for (const name of Object.keys({ ...before, ...now }) as (keyof Row)[])
    if (!isSame(before[name], now[name])) changed[name] = now[name] ?? null;
  return changed;
}

const isSame = (one: unknown, other: unknown): boolean =>
  one === other || (typeof one === "object" && isDeepStrictEqual(one, other));

const goneRows = (before: object, now: object): string[] => Object.keys(before).filter((id) => !(id in now));
