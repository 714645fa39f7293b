import { median } from "../statistics";
import { roundTripOf } from "./distance";
import type { Latency, Route } from "./delivery";
import type { PublishSample } from "./publishing";

/** Everything that one run measured. */
export interface Measured {
  publishing: PublishSample[];
  /** From the stream of a region to a client of the same. */
  delivery?: Latency;
  /** From each region to the mirror in each other. */
  replication: (Route & Latency)[];
  /** Whether regions were as far from each other as in production. */
  distances: boolean;
}

/** A target of one of the source systems (docs/systems.md). */
export interface Target {
  system: string;
  what: string;
  /** Milliseconds where less is better, messages a second where more is. */
  limit: number;
  better: "less" | "more";
  /** How it was measured, and of which of the percentiles the target speaks. */
  how: string;
  value(measured: Measured): number | undefined;
}

const samples = ({ publishing }: Measured, mode: PublishSample["mode"], clients: number): PublishSample[] =>
  publishing.filter((one) => one.kind === "R3 file" && one.mode === mode && one.clients === clients);

const middle = (values: number[]): number | undefined => (values.length > 0 ? median(values) : undefined);

const latency = (measured: Measured, clients: number, part: "p50" | "p99") =>
  middle(samples(measured, "sync", clients).flatMap((one) => (one.latency ? [one.latency[part]] : [])));

const throughput = (measured: Measured) => middle(samples(measured, "async", 8).map(({ messages }) => messages));

const lag = ({ distances, replication }: Measured, from: string, to: string) =>
  distances ? replication.find((one) => one.from === from && one.to === to)?.p99 : undefined;

export const targets: readonly Target[] = [
  {
    system: "covenant",
    what: "publish latency p99",
    limit: 50,
    better: "less",
    how: "R3 file, one region, 8 clients, synchronous",
    value: (measured) => latency(measured, 8, "p99"),
  },
  {
    system: "irisx",
    what: "publish latency",
    limit: 1,
    better: "less",
    how: "R3 file, 1 client, synchronous; the source names no percentile: p50",
    value: (measured) => latency(measured, 1, "p50"),
  },
  {
    system: "covenant",
    what: "delivery latency p99",
    limit: 10,
    better: "less",
    how: "from the publish to the handler, R3 file, one region, 200 messages a second",
    value: ({ delivery }) => delivery?.p99,
  },
  {
    system: "covenant",
    what: "messages a second",
    limit: 100_000,
    better: "more",
    how: "R3 file, one region, 8 clients, asynchronous",
    value: throughput,
  },
  {
    system: "irisx",
    what: "messages a second",
    limit: 10_000,
    better: "more",
    how: "R3 file, one region, 8 clients, asynchronous",
    value: throughput,
  },
  {
    system: "covenant",
    what: "replication lag p99, iad to ams",
    limit: 100,
    better: "less",
    how: "from the publish in iad to the handler at the mirror in ams, at 85 ms round trip",
    value: (measured) => lag(measured, "iad", "ams"),
  },
  {
    system: "covenant",
    what: "replication lag p99, iad to syd",
    // Half a round trip of 200 ms is the target of 100 ms already: light is no faster.
    limit: roundTripOf("iad", "syd") / 2 + 25,
    better: "less",
    how: "the same to syd, at 200 ms round trip; half of it and 25 ms, because 100 ms cannot be met",
    value: (measured) => lag(measured, "iad", "syd"),
  },
];

export type Verdict = "met" | "missed" | "not measured";

export function verdictOf({ limit, better, value }: Target, measured: Measured): Verdict {
  const found = value(measured);
  if (found === undefined) return "not measured";
  return (better === "less" ? found <= limit : found >= limit) ? "met" : "missed";
}
