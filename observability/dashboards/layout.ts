import type { Panel, Row } from "./panel";

/** Where a panel stands: columns from the left of 24, lines from the top. */
export interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

const columns = 24;

const sizes: Readonly<Record<Panel["kind"], { w: number; h: number }>> = {
  graph: { w: 8, h: 8 },
  value: { w: 4, h: 4 },
  list: { w: 24, h: 8 },
};

/** From left to right, in lines as high as their highest panel; each row begins with its title. Pure. */
export function layout(rows: readonly Row[]): { row: Row; place: Place; panels: { panel: Panel; place: Place }[] }[] {
  let y = 0;
  return rows.map((row) => {
    const place = { x: 0, y: y++, w: columns, h: 1 };
    let [x, height] = [0, 0];
    const panels = row.panels.map((panel) => {
      const { h, w: usual } = sizes[panel.kind];
      const w = panel.width ?? usual;
      if (x + w > columns) [x, y, height] = [0, y + height, 0];
      const at = { panel, place: { x, y, w, h } };
      [x, height] = [x + w, Math.max(height, h)];
      return at;
    });
    y += height;
    return { row, place, panels };
  });
}
