import type { ServerName } from "../../components/local/provider/record";
import type { AlertName } from "../../config/schema/alerts";
import type { Snapshot } from "../supercluster/snapshot";
import type { Access } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";

/** Names of the accidents, in the order of `drill -- all`. */
export const drillNames = [
  "nothing",
  "server-stopped",
  "server-killed",
  "meta-leader-lost",
  "slow-disk",
  "disk-full",
  "gateway-slow",
  "gateway-cut",
  "certificate-expired",
  "client-storm",
  "poison-message",
  "provider-killed",
  "two-of-three",
  "region-lost",
] as const;
export type DrillName = (typeof drillNames)[number];

/** What a drill needs to know of the environment that it runs on. */
export interface DrillContext {
  checked: CheckedEnvironment;
  access: Access;
  /** Region in which most streams are, or the one that was asked for: the accident happens there. */
  home: string;
  /** Another region, with publishers too. Absent: there is none. */
  other?: string;
  /** How long the accident lasts, in milliseconds. */
  holdMs: number;
  /** Clients of a storm. */
  clients: number;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Servers of a region, as the local provider names them. */
  serversIn(region: string): ServerName[];
  /** What servers report now. */
  snapshot(): Promise<Snapshot>;
  /** Prints a line of progress. */
  progress(line: string): void;
  /** Adds a line to the drill's report. */
  note(line: string): void;
}

/** One accident, prepared. */
export interface Accident {
  /** Makes it happen; returns at once. */
  begin(): Promise<void>;
  /** Takes place of the wait for `holdMs`. Ends early once the signal is aborted. */
  last?(): Promise<void>;
  /** Takes it back. Called once, also after `begin` has failed or Ctrl-C. */
  undo?(): Promise<void>;
  /** Takes back what `prepare` did, after everything was measured. */
  finish?(): Promise<void>;
}

/**
 * Makes ready what the accident needs, before anything is measured; servers that it changes are brought back by the
 * runner, whatever happens. Throws `CannotSimulate` where this machine cannot do it.
 */
export type Prepare = (context: DrillContext) => Promise<Accident>;

/** One kind of accident, as `--list` prints it. */
export interface Drill {
  name: DrillName;
  /** What happens. */
  does: string;
  /** Processes and files that it touches. */
  touches: string;
  undo: string;
  /** How long the accident lasts, in seconds, unless `--hold` says otherwise. */
  holdSeconds: number;
  /** Seconds in all on two quiet cores. */
  takesSeconds: number;
  /** Outside local environments: allowed with confirmation, or why not. */
  production: "confirmed" | { refused: string };
  /**
   * The longest gap of a publisher that is expected: of those in the region of the accident, and of those elsewhere.
   * `alerts`: those that have to fire where it lasts longer than each waits. Default: none is known to.
   */
  expected: { home: Bound; elsewhere: Bound; alerts?: readonly AlertName[] };
  /** Loaded when it runs. */
  prepare: () => Prepare;
}

/** Seconds; `whileItLasts`: as long as the accident, and as many seconds more. */
export type Bound = number | { whileItLasts: number };
