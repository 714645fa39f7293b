import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

export interface Column<Row> {
  name: string;
  /** What it is sorted by; absent: it is not sorted by this. */
  sort?: (row: Row) => number | string;
  isNumber?: boolean;
  cell: (row: Row) => ComponentChildren;
}

interface Sorted {
  column: string;
  isDown: boolean;
}

interface TableOptions<Row> {
  label: string;
  /** The same array as long as cells would say the same of the same row: such rows are not drawn again. */
  columns: Column<Row>[];
  /** In their usual order: problems first. */
  rows: Row[];
  idOf: (row: Row) => string;
  classOf?: (row: Row) => string;
  rowHeight: number;
  /** Told which rows can be seen. */
  onSeen?: (ids: string[]) => void;
}

/** Rows beyond the edge that are there too, so that scrolling shows no gaps. */
const beyond = 6;

/** A table of any number of rows, of which only those that can be seen are in the page. */
export function VirtualTable<Row>({ label, columns, rows, idOf, classOf, rowHeight, onSeen }: TableOptions<Row>) {
  const place = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [sorted, setSorted] = useState<Sorted>();
  useEffect(() => {
    const element = place.current!;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const resize = new ResizeObserver(measure);
    resize.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      resize.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);
  const all = useMemo(() => (sorted ? inOrder(rows, columns, sorted) : rows), [rows, sorted]);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - beyond);
  const shown = all.slice(first, Math.ceil((view.top + view.height) / rowHeight) + beyond);
  const ids = shown.map(idOf).join("\n");
  useEffect(() => onSeen?.(ids ? ids.split("\n") : []), [ids]);
  const onKey = (event: KeyboardEvent) => {
    const step = ({ ArrowDown: 1, ArrowUp: -1 } as Record<string, number>)[event.key];
    if (!step) return;
    const links = [...place.current!.querySelectorAll<HTMLElement>("[data-row]")];
    const at = links.findIndex((link) => link === document.activeElement);
    const next = links[at < 0 ? 0 : at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <div class="virtual" role="table" aria-label={label} aria-rowcount={all.length + 1}>
      <div role="rowgroup" class="head">
        <div role="row" class="cells" aria-rowindex={1}>
          {columns.map(({ name, sort, isNumber }) => {
            const direction = sorted?.column === name ? (sorted.isDown ? "descending" : "ascending") : "none";
            return (
              <div
                key={name}
                role="columnheader"
                class={isNumber ? "number" : ""}
                aria-sort={sort ? direction : undefined}
              >
                {sort ? (
                  <button class="sort" onClick={() => setSorted(nextOf(sorted, name, isNumber))}>
                    {name}
                    <span aria-hidden="true">{{ none: "", ascending: " ↑", descending: " ↓" }[direction]}</span>
                  </button>
                ) : (
                  name
                )}
              </div>
            );
          })}
        </div>
      </div>
      <div role="rowgroup" class="body" ref={place} tabIndex={0} aria-label={`${label}, rows`} onKeyDown={onKey}>
        <Spacer height={first * rowHeight} />
        {shown.map((row, index) => (
          <Cells key={idOf(row)} {...{ row, columns, place: first + index + 2 }} kind={classOf?.(row) ?? ""} />
        ))}
        <Spacer height={Math.max(0, all.length - first - shown.length) * rowHeight} />
        {all.length === 0 && <p class="wait">Nothing fits the filter</p>}
      </div>
    </div>
  );
}

interface CellsOptions<Row> {
  row: Row;
  columns: Column<Row>[];
  place: number;
  kind: string;
}

/** One row; drawn again only when what it shows is another. */
function Cells<Row>({ row, columns, place, kind }: CellsOptions<Row>) {
  return useMemo(
    () => (
      <div role="row" class={`cells ${kind}`} aria-rowindex={place}>
        {columns.map(({ name, isNumber, cell }) => (
          <div key={name} role="cell" data-name={name} class={isNumber ? "number" : ""}>
            {cell(row)}
          </div>
        ))}
      </div>
    ),
    [row, columns, place, kind],
  );
}

const Spacer = ({ height }: { height: number }) => <div role="presentation" style={{ height: `${height}px` }} />;

/** Numbers begin with the largest; a third time it is the usual order again. */
function nextOf(sorted: Sorted | undefined, column: string, isNumber = false): Sorted | undefined {
  if (sorted?.column !== column) return { column, isDown: isNumber };
  return sorted.isDown === isNumber ? { column, isDown: !isNumber } : undefined;
}

function inOrder<Row>(rows: Row[], columns: Column<Row>[], { column, isDown }: Sorted): Row[] {
  const { sort } = columns.find(({ name }) => name === column)!;
  const all = sortedBy(rows, sort!);
  return isDown ? all.reverse() : all;
}

/** In a new array; each key is made once. */
export function sortedBy<Row>(rows: Row[], keyOf: (row: Row) => number | string): Row[] {
  const keyed = rows.map((row) => ({ row, key: keyOf(row) }));
  keyed.sort(({ key: one }, { key: other }) => (one < other ? -1 : one > other ? 1 : 0));
  return keyed.map(({ row }) => row);
}
