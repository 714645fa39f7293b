import type { Snapshot } from "../supercluster/snapshot";

/** What is known before a peer is removed. */
export interface RemovalFacts {
  /** One server of a region that may stay in the settings; absent: the whole region leaves. */
  server?: string;
  /** Names of the servers whose peers are removed. */
  names: readonly string[];
  /** The region's stack, and whether it still has resources. */
  stack: string;
  isDeployed: boolean;
  snapshot: Snapshot;
  /** Streams and durables with a copy on one of the servers, a line each. */
  copies: readonly string[];
  /** Streams that no server answers for, as `<account>/<stream>`. */
  unanswered: readonly string[];
}

/** What prevents a removal: when, and what to do about it. A new reason is one more row. */
const reasons: readonly { when: (facts: RemovalFacts) => boolean; message: (facts: RemovalFacts) => string }[] = [
  {
    when: ({ server, isDeployed }) => server === undefined && isDeployed,
    message: ({ stack }) =>
      `stack ${stack} still has resources; destroy it first: pulumi destroy --stack ${stack} ` +
      `(or, if its cluster is lost for good: pulumi stack rm ${stack} --force)`,
  },
  {
    when: ({ names, snapshot }) => names.some((name) => snapshot.servers[name]),
    message: ({ names, snapshot }) =>
      `${names.filter((name) => snapshot.servers[name]).join(", ")} still running, ` +
      "and would join again right after the removal; stop them first",
  },
  {
    when: ({ snapshot }) => snapshot.meta === undefined,
    message: () =>
      "the meta group has no leader, and only a leader can remove a peer: more than half of its servers must run; " +
      "bring lost ones back, empty ones count too (docs/runbooks/remove-a-region.md)",
  },
  {
    when: ({ copies }) => copies.length > 0,
    message: ({ copies }) =>
      "streams or consumers still have copies there; " +
      "move them to another region in their tenant files and deploy that first:\n" +
      copies.map((line) => `    ${line}`).join("\n"),
  },
  {
    when: ({ unanswered }) => unanswered.length > 0,
    message: ({ unanswered }) =>
      `no server answers for ${unanswered.join(", ")}: all copies may be on the servers to remove. ` +
      "Run this again if other servers are just starting; otherwise fail over to a mirror, " +
      "or delete what is lost (docs/runbooks/remove-a-region.md)",
  },
];

/** Every reason against the removal, in the order in which to deal with them; empty: nothing prevents it. Pure. */
export const refusalsOf = (facts: RemovalFacts): string[] =>
  reasons.filter(({ when }) => when(facts)).map(({ message }) => message(facts));
