import { isDeepStrictEqual } from "node:util";
import type { Change, Picture } from "../picture";

/** What makes one picture the other. Pure. */
export const changeOf = (before: Picture, now: Picture): Change => ({
  head: now.head,
  streams: changedRows(before.streams, now.streams),
  durables: changedRows(before.durables, now.durables),
  gone: { streams: goneRows(before.streams, now.streams), durables: goneRows(before.durables, now.durables) },
});

const changedRows = <Row>(before: Record<string, Row>, now: Record<string, Row>): Record<string, Row> =>
  Object.fromEntries(Object.entries(now).filter(([id, row]) => !isDeepStrictEqual(before[id], row)));

const goneRows = (before: object, now: object): string[] => Object.keys(before).filter((id) => !(id in now));
