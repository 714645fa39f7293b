import Table from "cli-table3";

const isNumeric = (cell: string): boolean => /^[\d.,/-]*( ms)?$/.test(cell.replace(/\x1b\[\d+m/g, ""));

/** Without lines; columns are two spaces apart. */
const plain = Object.fromEntries(
  ["top", "bottom", "mid", "left", "right"].flatMap((side) =>
    [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((name) => [name, ""]),
  ),
);

/**
 * Rows below a header, in aligned columns; columns of numbers are aligned to the right.
 * @param style colours the header
 */
export function table(head: string[], rows: string[][], style: (head: string) => string = (text) => text): string {
  const lines = new Table({
    chars: { ...plain, middle: "  " },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns: head.map((_, column) =>
      rows.length > 0 && rows.every((row) => isNumeric(row[column] ?? "")) ? "right" : "left",
    ),
  });
  lines.push(head.map(style), ...rows.map((row) => head.map((_, column) => row[column] ?? "")));
  return lines
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
