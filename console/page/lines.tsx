import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { Lines } from "../picture.ts";
import { read } from "./connection.ts";
import { clock } from "./words.ts";

/** Milliseconds between two questions for the last hour: a sample is kept every 30 s. */
const askMs = 15_000;

/** The last hour of objects, by `<kind>:<id>`, asked for together. */
export function useLines(keys: string[]): Record<string, Lines> {
  const [lines, setLines] = useState<Record<string, Lines>>({});
  const wanted = keys.join("\n");
  useEffect(() => {
    const end = new AbortController();
    const ask = () => {
      if (!wanted) return;
      const query = new URLSearchParams(wanted.split("\n").map((key) => ["key", key]));
      read<Record<string, Lines>>(`/api/lines?${query}`, end.signal).then(setLines, () => {});
    };
    // What is scrolled past is not asked for.
    const soon = setTimeout(ask, 150);
    const timer = setInterval(ask, askMs);
    return () => {
      clearTimeout(soon);
      clearInterval(timer);
      end.abort();
    };
  }, [wanted]);
  return lines;
}

/** A line without axes, for a row of a table. */
export function Spark({ line, label }: { line?: (number | null)[]; label: string }) {
  const known = (line ?? []).filter((value) => value !== null);
  if (!line || known.length < 2) return <span class="spark muted" />;
  const [width, height] = [96, 22];
  const most = Math.max(...known);
  const least = Math.min(...known, 0);
  const y = (value: number) => height - 2 - ((value - least) / (most - least || 1)) * (height - 4);
  const step = width / Math.max(line.length - 1, 1);
  let isOpen = false;
  const path = line
    .map((value, index) => {
      if (value === null) {
        isOpen = false;
        return "";
      }
      const command = isOpen ? "L" : "M";
      isOpen = true;
      return `${command}${(index * step).toFixed(1)} ${y(value).toFixed(1)}`;
    })
    .join("");
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <path d={path} />
    </svg>
  );
}

/** What a colour of style.css is now: a canvas knows neither variables nor `light-dark()`. */
function colorOf(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
}

/** The last hour with its axes. */
export function Chart({
  lines,
  measure,
  label,
  format,
}: {
  lines?: Lines;
  measure: string;
  label: string;
  format: (value: number) => string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const values = lines?.values[measure];
  const last = values?.at(-1);
  const known = (values ?? []).flatMap((value) => value ?? []);
  useEffect(() => {
    if (!place.current || known.length < 2) return;
    const data: uPlot.AlignedData = [lines!.times, values!];
    if (plot.current) return plot.current.setData(data);
    const color = (name: string) => () => colorOf(place.current!, name);
    const axis: uPlot.Axis = {
      stroke: color("--muted"),
      grid: { stroke: color("--line"), width: 1 },
      ticks: { show: false },
      font: "11px Inter, system-ui, sans-serif",
    };
    const now = Date.now() / 1000;
    plot.current = new uPlot(
      {
        width: place.current.clientWidth,
        height: 130,
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        scales: {
          x: { range: () => [Math.min(lines!.times[0]!, now - 600), Date.now() / 1000] },
          y: { range: (_, __, most) => [0, most * 1.15 || 1] },
        },
        axes: [
          {
            ...axis,
            values: (_, splits) => splits.map((at) => clock(new Date(at * 1000).toISOString()).slice(0, 5)),
          },
          { ...axis, size: 62, values: (_, splits) => splits.map(format) },
        ],
        series: [{}, { stroke: color("--accent"), width: 1.5, fill: color("--accent-soft"), spanGaps: false }],
      },
      data,
      place.current,
    );
  });
  useEffect(() => {
    const resize = new ResizeObserver(() => {
      if (place.current) plot.current?.setSize({ width: place.current.clientWidth, height: 130 });
    });
    if (place.current) resize.observe(place.current);
    return () => {
      resize.disconnect();
      plot.current?.destroy();
    };
  }, []);
  const words =
    known.length < 2
      ? `${label}: less than a minute is known`
      : `${label}: now ${format(last ?? 0)}, between ${format(Math.min(...known))} and ${format(Math.max(...known))}`;
  return (
    <figure class="chart">
      <figcaption>
        {label} <b>{last === undefined || last === null ? "–" : format(last)}</b>
      </figcaption>
      <div ref={place} role="img" aria-label={words}>
        {known.length < 2 && <p class="muted">The line begins within a minute</p>}
      </div>
    </figure>
  );
}
