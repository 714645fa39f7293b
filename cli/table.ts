const escapes = /\x1b\[\d+m/g;
const width = (text: string): number => text.replace(escapes, "").length;

/** Rows under a head in aligned columns, two spaces apart; a column of numbers is aligned to the right. */
export function table(head: string[], rows: string[][], style: (head: string) => string = (text) => text): string {
  const columns = head.map((name, index) => {
    const cells = rows.map((row) => row[index] ?? "");
    return {
      width: Math.max(width(name), ...cells.map(width)),
      isNumber: cells.length > 0 && cells.every((cell) => /^[\d.,/-]*( ms)?$/.test(cell.replace(escapes, ""))),
    };
  });
  const line = (cells: string[]): string =>
    columns
      .map(({ width: wanted, isNumber }, index) => {
        const cell = cells[index] ?? "";
        const padding = " ".repeat(wanted - width(cell));
        return isNumber ? padding + cell : cell + padding;
      })
      .join("  ")
      .trimEnd();
  return [style(line(head)), ...rows.map(line)].join("\n");
}
