import type { Snapshot } from "../supercluster/snapshot";

/** What is known before a peer is removed. */
export interface Facts {
  /** One server of a region that may stay in the settings; absent: the whole region leaves. */
  server?: string;
  /** Servers that are to be forgotten. */
  names: readonly string[];
  /** The region's stack, and whether it still has resources. */
  stack: string;
  isDeployed: boolean;
  snapshot: Snapshot;
  /** Streams and durables with a copy on one of the servers, a line each. */
  copies: readonly string[];
  /** Streams that nobody answers for, as `<account>/<stream>`. */
  unanswered: readonly string[];
}

/** What keeps servers from being forgotten: when, and what to do about it. A new reason is a row more. */
const reasons: readonly { when: (facts: Facts) => boolean; message: (facts: Facts) => string }[] = [
  {
    when: ({ server, isDeployed }) => server === undefined && isDeployed,
    message: ({ stack }) =>
      `stack ${stack} still has resources; destroy it first: pulumi destroy --stack ${stack} (or, with its cluster lost for good: pulumi stack rm ${stack} --force)`,
  },
  {
    when: ({ names, snapshot }) => names.some((name) => snapshot.servers[name]),
    message: ({ names, snapshot }) =>
      `${names.filter((name) => snapshot.servers[name]).join(", ")} still run, and would come back as soon as they are removed; stop them first`,
  },
  {
    when: ({ snapshot }) => snapshot.meta === undefined,
    message: () =>
      "the meta group has no leader, so nobody can remove a peer: more than half of its servers have to run; bring lost ones back, empty ones too (docs/runbooks/remove-a-region.md)",
  },
  {
    when: ({ copies }) => copies.length > 0,
    message: ({ copies }) =>
      `streams or consumers are still there, move them off in their tenant files and deploy that first:\n${copies.map((line) => `    ${line}`).join("\n")}`,
  },
  {
    when: ({ unanswered }) => unanswered.length > 0,
    message: ({ unanswered }) =>
      `no server answers for ${unanswered.join(", ")}: perhaps all copies are on servers that are to be forgotten. Run this again if others are just starting; ` +
      "fail over to a mirror, or delete what is lost (docs/runbooks/remove-a-region.md)",
  },
];

/** Every reason not to go on, in the order of what to do; empty: nothing that counts is there. Pure. */
export const refusalsOf = (facts: Facts): string[] =>
  reasons.filter(({ when }) => when(facts)).map(({ message }) => message(facts));
