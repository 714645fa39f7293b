import type { Change, FieldsOf, Picture } from "../picture.ts";

/** Pure. Rows in which nothing changed stay the same objects, which are not drawn again. */
export function changed(picture: Picture, { head, streams, durables, gone }: Change): Picture {
  return {
    head,
    streams: changedRows(picture.streams, streams, gone.streams),
    durables: changedRows(picture.durables, durables, gone.durables),
  };
}

function changedRows<Row extends object>(
  before: Record<string, Row>,
  changes: Record<string, FieldsOf<Row>>,
  gone: string[],
): Record<string, Row> {
  const rows = { ...before };
  for (const [id, fields] of Object.entries(changes)) {
    const row = { ...before[id], ...fields } as Row;
    for (const name in fields) if (fields[name] === null) delete row[name];
    rows[id] = row;
  }
  for (const id of gone) delete rows[id];
  return rows;
}
