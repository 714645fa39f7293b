import { peerId } from "../../jetstream/peer-id";
import type { Snapshot } from "../supercluster/snapshot";
import type { Peer } from "../../jetstream/monitoring";

/** A peer of the meta group, with its id. */
export type MetaPeer = Peer & { peer: string };

/** Most servers that a region can have. */
const mostServers = 5;

/** Names that the servers of a region can have, also of a region that is no longer in the settings. */
export const possibleServers = (region: string): string[] =>
  Array.from({ length: mostServers }, (_, server) => `${region}-${server}`);

/** Those of the named servers that the meta group counts, in the order of their names. Pure. */
export function peersAmong(names: readonly string[], { meta }: Snapshot): MetaPeer[] {
  return names.flatMap((name) =>
    (meta?.replicas ?? [])
      .filter(({ peer }) => peer === peerId(name))
      .map((found) => ({ ...found, name, peer: peerId(name) })),
  );
}
