import type { StreamSpec } from "../../config/schema/tenant";
import { CannotSimulate, Failure, Interrupted } from "../../engine/failure";
import type { AccountReport } from "../load/report";
import { type AlertsSeen, compareAlerts } from "./alerts";
import type { Bound, Drill, DrillName } from "./drill";
import { type Gap, type Unavailability, unavailabilityOf, worstOf } from "./measure";
import type { Publishings } from "./publishers";

/** A stream during a drill. Milliseconds. */
export interface StreamResult {
  account: string;
  stream: string;
  /** As `R3 file`. */
  kept: string;
  /** Of publishers in the drill's region. */
  home: Unavailability;
  /** Of publishers in another region. Absent: there is none. */
  elsewhere?: Unavailability;
  published: number;
  acknowledged: number;
  /** Acknowledged, and not there: ids, with what stands in their place. */
  lost: { id: string; why: string }[];
}

/** What a drill measured. Milliseconds. */
export interface DrillResult {
  name: DrillName;
  streams: StreamResult[];
  /** Streams that no user may publish to. */
  unmeasured: string[];
  home: Unavailability;
  elsewhere?: Unavailability;
  holdMs: number;
  /** From the end of the accident until every check of servers and streams passes. Absent: they did not. */
  recoveredMs?: number;
  /** That fired during it. Absent: no Prometheus is known. */
  alerts?: string[];
  /** What the accident itself reports. */
  notes: string[];
  /** How long this process was too busy to notice anything, at most. */
  ownDelayMs: number;
  /** What was expected and did not hold; empty: all did. */
  missed: string[];
}

/** A drill of several of which nothing was measured. */
export interface NotMeasured {
  name: DrillName;
  why: string;
  /** Whether this machine can do it, and it failed. */
  failed: boolean;
}

/** Of a drill of several that ended with an error; undefined: the others shall not go on. Pure. */
export const notMeasured = (name: DrillName, error: unknown): NotMeasured | undefined =>
  error instanceof Failure && !(error instanceof Interrupted)
    ? { name, why: error.message, failed: !(error instanceof CannotSimulate) }
    : undefined;

/** Expectations that did not hold, by drill: of those that were measured, and those that failed before. Pure. */
export const missedOf = (results: readonly (DrillResult | NotMeasured)[]): string[] =>
  results.flatMap((one) => {
    if ("missed" in one) return one.missed.map((what) => `${one.name}: ${what}`);
    return one.failed ? [`${one.name}: not measured: ${one.why}`] : [];
  });

/** How a stream keeps its messages. */
interface Kept extends Pick<StreamSpec, "storage"> {
  replicas: number;
}

interface Measured {
  holdMs: number;
  measured: Gap;
  publishings: readonly Publishings[];
  /** The region of the drill. */
  region: string;
  losses: readonly AccountReport[];
  kept: (account: string, stream: string) => Kept;
  unmeasured: string[];
  recoveredMs?: number;
  alerts?: AlertsSeen;
  notes: string[];
  ownDelayMs: number;
}

/** What publishers, servers and streams said, beside what the drill expects. Pure. */
export function drillResult({ name, expected }: Pick<Drill, "name" | "expected">, found: Measured): DrillResult {
  const { holdMs, measured, publishings, region, losses, recoveredMs } = found;
  const byStream = Map.groupBy(publishings, ({ spec }) => `${spec.account}/${spec.stream}`);
  const streams = [...byStream.values()].map((own): StreamResult => {
    const { account, stream } = own[0]!.spec;
    const { replicas, storage } = found.kept(account, stream);
    const worst = (ofRegion: boolean) =>
      own
        .filter(({ spec }) => (spec.region === region) === ofRegion)
        .map(({ acknowledgedAt }) => unavailabilityOf(acknowledgedAt, measured));
    const [home, elsewhere] = [worst(true), worst(false)];
    const recorded = own.flatMap((one) => one.recorded);
    return {
      account,
      stream,
      kept: `R${replicas} ${storage}`,
      home: worstOf(home),
      ...(elsewhere.length > 0 && { elsewhere: worstOf(elsewhere) }),
      published: recorded.length,
      acknowledged: recorded.filter((one) => "seq" in one).length,
      lost: losses
        .filter((one) => one.account === account)
        .flatMap(({ missing }) => missing.filter((one) => one.stream === stream))
        .map(({ id, why }) => ({ id, why })),
    };
  });
  const home = worstOf(streams.map((stream) => stream.home));
  const others = streams.flatMap((stream) => stream.elsewhere ?? []);
  const elsewhere = others.length > 0 ? worstOf(others) : undefined;
  const alerts = found.alerts && compareAlerts(expected.alerts ?? [], found.alerts, holdMs);
  return {
    ...{ name, streams, home, holdMs, recoveredMs },
    ...(elsewhere && { elsewhere }),
    unmeasured: found.unmeasured,
    ...(found.alerts && { alerts: found.alerts.fired }),
    notes: [...found.notes, ...(alerts?.notes ?? [])],
    ownDelayMs: found.ownDelayMs,
    missed: [
      ...overBound(`publishers in ${region}`, home, expected.home, holdMs),
      ...(elsewhere ? overBound("publishers elsewhere", elsewhere, expected.elsewhere, holdMs) : []),
      // In memory, a majority of replicas that is killed takes its messages along.
      ...streams.flatMap(({ account, stream, kept, lost }) =>
        lost.length > 0 && kept === "R3 file" ? [`${account}/${stream} lost ${lost.length} acknowledged messages`] : [],
      ),
      ...(alerts?.missing ?? []).map((name) => `${name} did not fire`),
      ...(recoveredMs === undefined ? ["the environment is not healthy again: npm run status"] : []),
    ],
  };
}

/** The longest gap that is expected, in milliseconds. Pure. */
export const boundMs = (bound: Bound, holdMs: number): number =>
  typeof bound === "number" ? bound * 1_000 : holdMs + bound.whileItLasts * 1_000;

function overBound(who: string, { longest }: Unavailability, bound: Bound, holdMs: number): string[] {
  const most = boundMs(bound, holdMs);
  return longest <= most
    ? []
    : [`${who} had a gap of ${(longest / 1_000).toFixed(1)} s; at most ${(most / 1_000).toFixed(1)} s is expected`];
}
