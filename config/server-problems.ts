import { isAtLeast } from "./versions";

/** A known fault of released servers. */
export interface ServerProblem {
  /** The first release that has it, and the first that has not. */
  from: string;
  before: string;
  /** `loses data`: no deployment may run such a release (policy release-keeps-data). `risk`: it is said. */
  kind: "loses data" | "risk";
  what: string;
  /** Issue, pull request or commit of nats-server that describes it. */
  source: string;
}

const recreated = {
  kind: "loses data",
  what: "creating a stream that already exists can lose its messages",
  source: "https://github.com/nats-io/nats-server/issues/8449",
} as const;

/** Of the releases that are supported, and of those on the way to them. */
export const serverProblems: readonly ServerProblem[] = [
  { from: "2.12.14", before: "2.12.15", ...recreated },
  {
    from: "2.14.0",
    before: "2.14.3",
    kind: "loses data",
    what: "a failed update of a stream deletes its Raft state",
    source: "https://github.com/nats-io/nats-server/commit/956c125",
  },
  { from: "2.14.4", before: "2.14.5", ...recreated },
  {
    from: "2.12.0",
    before: "2.14.0",
    kind: "risk",
    what: "a damaged snapshot of the meta group on a minority of disks can delete streams (seen with 2.12.1)",
    source: "https://github.com/nats-io/nats-server/issues/7556",
  },
];

/** What is known of a version, e.g. `2.14.4`. */
export const problemsOfServer = (version: string): ServerProblem[] =>
  serverProblems.filter(({ from, before }) => isAtLeast(version, from) && !isAtLeast(version, before));

/** Why a version must not run: it is known to lose data; undefined where it is not. */
export const dataLossOf = (version: string): ServerProblem | undefined =>
  problemsOfServer(version).find(({ kind }) => kind === "loses data");
