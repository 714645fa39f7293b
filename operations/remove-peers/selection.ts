import { BadUsage } from "../../engine/failure";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { possibleServers } from "./peers";

/** Peers to remove: those of a region that has left the settings, or one stopped server of a region. */
export interface PeerSelection {
  region: string;
  /** Name of the server, such as `ams-2`; absent: every server the region can have had. */
  server?: string;
}

/**
 * Names of the selected servers. Pure.
 * @throws {BadUsage} for a whole region that is still in the settings, or a server that is not one of the region's.
 */
export function selectedServers(
  { name, environment: { regions } }: Pick<CheckedEnvironment, "name"> & { environment: { regions: string[] } },
  { region, server }: PeerSelection,
): string[] {
  const all = possibleServers(region);
  if (server !== undefined) {
    if (all.includes(server)) return [server];
    throw new BadUsage(
      `--server ${server} is not a server of ${region}; use one of ${all.join(", ")}. Nothing was changed.`,
    );
  }
  if (!regions.includes(region)) return all;
  throw new BadUsage(
    `${region} is a region of environment ${name}; take it out of Pulumi.yaml first, ` +
      "in the order of docs/runbooks/remove-a-region.md. Nothing was changed.",
  );
}
