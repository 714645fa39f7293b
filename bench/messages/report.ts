import { median, spread } from "../statistics";
import { roundTripOf } from "./distance";
import { type PublishSample, window } from "./publishing";
import { type Measured, targets, verdictOf } from "./targets";

/** A table: its header, and its rows. */
export type Table = [head: string[], ...rows: string[][]];

const thousands = (value: number): string => Math.round(value).toLocaleString("en-US");
const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

/** Samples of the same kind, mode and clients, together. */
const groups = (samples: readonly PublishSample[]): PublishSample[][] => [
  ...Map.groupBy(samples, ({ kind, mode, clients }) => `${kind} ${mode} ${clients}`).values(),
];

const part = (samples: PublishSample[], name: "p50" | "p95" | "p99"): string =>
  ms(median(samples.map(({ latency }) => latency![name])));

const cpu = (values: (number | undefined)[]): string =>
  values.some((value) => value === undefined) ? "" : median(values as number[]).toFixed(1);

const clientsOf = ({ clients }: PublishSample): string => String(clients);

export function tables(measured: Measured): Record<string, Table> {
  const all = groups(measured.publishing);
  const common = (samples: PublishSample[]) => [
    thousands(median(samples.map(({ messages }) => messages))),
    spread(
      samples.map(({ messages, official }) => messages / official),
      "x",
      2,
    ),
    cpu(samples.map(({ clientCpu }) => clientCpu)),
    cpu(samples.map(({ serverCpu }) => serverCpu)),
  ];
  const usage = ["messages/s", "of nats bench", "CPUs of clients", "of servers"];
  return {
    Targets: [
      ["system", "target", "limit", "measured", "", "how"],
      ...targets.map((target) => {
        const { system, what, limit, better, how } = target;
        const value = target.value(measured);
        const shown = (number: number) => (what.includes("messages") ? thousands(number) : ms(number));
        return [
          system,
          what,
          `${better === "less" ? "at most" : "at least"} ${shown(limit)}`,
          value === undefined ? "" : shown(value),
          verdictOf(target, measured),
          how,
        ];
      }),
    ],
    "Synchronous publishes: each waits for its acknowledgement": [
      ["stream", "clients", "p50", "p95", "p99", ...usage],
      ...all
        .filter(([first]) => first!.mode === "sync")
        .map((samples) => [
          samples[0]!.kind,
          clientsOf(samples[0]!),
          part(samples, "p50"),
          part(samples, "p95"),
          part(samples, "p99"),
          ...common(samples),
        ]),
    ],
    [`Asynchronous publishes: ${window} of a client wait for theirs`]: [
      ["stream", "clients", ...usage],
      ...all
        .filter(([first]) => first!.mode === "async")
        .map((samples) => [samples[0]!.kind, clientsOf(samples[0]!), ...common(samples)]),
    ],
    [`From a publish to the handler${measured.distances ? ", at the distances of production" : ""}`]: [
      ["from", "received", "round trip", "p50", "p95", "p99"],
      ...(measured.delivery
        ? [["iad", "in iad", "", ...[measured.delivery.p50, measured.delivery.p95, measured.delivery.p99].map(ms)]]
        : []),
      ...measured.replication.map(({ from, to, p50, p95, p99 }) => [
        from,
        `at the mirror in ${to}`,
        measured.distances ? ms(roundTripOf(from, to)) : "this machine",
        ...[p50, p95, p99].map(ms),
      ]),
    ],
  };
}

export function markdown([head, ...rows]: Table): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const width = 760;
const rowHeight = 34;
const labels = 330;
/** Factors of a target on the axis: a hundredth of it to a hundred times. */
const decades = [-2, -1, 0, 1, 2];

/**
 * A picture of the targets that were measured: how far each is from its limit, on a logarithmic axis; to the right of
 * the middle it is met.
 */
export function picture(measured: Measured): string {
  const shown = targets.flatMap((target) => {
    const value = target.value(measured);
    if (value === undefined) return [];
    return [{ target, margin: target.better === "less" ? target.limit / value : value / target.limit }];
  });
  const height = (shown.length + 2) * rowHeight;
  const x = (factor: number): number => {
    const [first, last] = [decades[0]!, decades.at(-1)!];
    const power = Math.max(first, Math.min(last, Math.log10(factor)));
    return labels + ((power - first) / (last - first)) * (width - labels - 30);
  };
  const axis = decades.map((power) => {
    const at = x(10 ** power).toFixed(1);
    const text = power === 0 ? "target" : power < 0 ? `${10 ** -power} x worse` : `${10 ** power} x better`;
    return (
      `<line x1="${at}" y1="${rowHeight}" x2="${at}" y2="${height - rowHeight / 2}" ` +
      `stroke="${power ? "#ddd" : "#555"}"/>` +
      `<text x="${at}" y="${rowHeight - 10}" text-anchor="middle" fill="#555">${text}</text>`
    );
  });
  const bars = shown.map(({ target, margin }, index) => {
    const top = (index + 1) * rowHeight + 6;
    const [from, to] = [x(1), x(margin)].sort((left, right) => left - right) as [number, number];
    const area = `x="${from.toFixed(1)}" y="${top}" width="${Math.max(1, to - from).toFixed(1)}"`;
    const title = `<title>${margin.toFixed(2)} times the target</title>`;
    return (
      `<text x="8" y="${top + 15}" fill="#222">${target.system}: ${target.what}</text>` +
      `<rect ${area} height="${rowHeight - 12}" fill="${margin >= 1 ? "#2e7d32" : "#c62828"}">${title}</rect>`
    );
  });
  const attributes = `viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" ${attributes} aria-label="Measured figures beside their targets">\n` +
    `<rect width="100%" height="100%" fill="#fff"/>\n${[...axis, ...bars].join("\n")}\n</svg>\n`
  );
}
