import { changedParts, runsWith } from "../../components/supercluster/pod-parts";
import { isLowered } from "../../components/supercluster/reload";
import { serversIn } from "../../config/sizes";
import { plural } from "../../config/plural";
import type { CheckedEnvironment } from "../settings/checked-environment";
import type { DeployedRegions } from "./deployed-regions";

/** A region whose servers the next deployment restarts, or starts. */
export interface RestartingRegion {
  region: string;
  /** How many: those that are deployed and stay, or all of a new region. */
  servers: number;
  /** Names of what changed (components/supercluster/pod-parts.ts). */
  parts: string[];
  isNew: boolean;
}

/**
 * What the next deployment does to the servers of regions, by what was deployed last. A region that was deployed by an
 * earlier release, which did not record it, is left out: its preview shows it. Pure.
 */
export function restartingRegions(
  { name, environment }: Pick<CheckedEnvironment, "name" | "environment">,
  deployed: DeployedRegions,
): RestartingRegion[] {
  return environment.regions.flatMap((region): RestartingRegion[] => {
    const before = deployed.get(region);
    const wantedServers = serversIn(environment, region);
    if (!before) return [{ region, servers: wantedServers, parts: [], isNew: true }];
    if (!before.runsWith) return [];
    const { parts, storage } = runsWith({ name: region, environment: name, settings: environment, accounts: [] });
    const wanted = { jetstream: { max_file_store: storage.file, max_memory_store: storage.memory } };
    const changed = [
      ...changedParts(before.runsWith.parts, parts),
      ...(isLowered(before.runsWith.storage, wanted) ? ["storage (lowered)"] : []),
    ];
    const servers = Math.min(before.region?.servers.length ?? wantedServers, wantedServers);
    return changed.length ? [{ region, servers, parts: changed, isNew: false }] : [];
  });
}

/** A line for each class: new regions, and regions that restart for the same reason, with how many servers. Pure. */
export function restartLines(regions: readonly RestartingRegion[]): string[] {
  const classes = new Map<string, RestartingRegion[]>();
  for (const one of regions) {
    const why = one.isNew
      ? "new, started at the same time"
      : `${one.parts.join(", ")} changed, restarted one after another`;
    classes.set(why, [...(classes.get(why) ?? []), one]);
  }
  return [...classes].map(([why, some]) => {
    const servers = some.reduce((sum, one) => sum + one.servers, 0);
    return (
      `${plural(servers, "server")} in ${plural(some.length, "region")} ` +
      `(${some.map(({ region }) => region).join(", ")}): ${why}`
    );
  });
}
