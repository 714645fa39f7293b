import type { ServerState, Snapshot } from "../supercluster/snapshot";

const isHealthy = ({ health }: ServerState): boolean => health?.status === "ok";

const reach = ({ gateways }: ServerState): string[] => Object.keys(gateways?.outbound_gateways ?? {});

/**
 * What was healthy before and no longer is, a line each; empty: the next region may be changed. A server's own health
 * covers the meta group and every replica that it holds. What is new or was not healthy before does not count, so that
 * a region can be added, or a lost server repaired. Pure.
 */
export function worseThan(before: Snapshot, now: Snapshot): string[] {
  const servers = Object.entries(before.servers).flatMap(([name, state]) => {
    const found = now.servers[name];
    if (!found) return [`${name} does not answer`];
    const lost = reach(state).filter((region) => !reach(found).includes(region));
    const health = found.health?.error ?? found.health?.errors?.map(({ error }) => error).join(", ") ?? "no answer";
    return [
      ...(isHealthy(state) && !isHealthy(found) ? [`${name}: ${health}`] : []),
      ...(lost.length ? [`${name} has no gateway to ${lost.join(", ")}`] : []),
    ];
  });
  return [...(before.meta && !now.meta ? ["the meta group has no leader"] : []), ...servers];
}
