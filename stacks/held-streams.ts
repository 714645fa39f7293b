import type { Held } from "../config/assets/reservations";
import type { RegionSpec } from "../config/assets/region";
import { serverNames } from "../config/topology";
import { type Deployed, withSystem } from "./system-connection";

/** Asks the servers at most once in a run, and only when something wants to know. */
export function askedOnce(region: Omit<RegionSpec, "accounts">, deployed: Deployed): () => Promise<Held> {
  let held: Promise<Held> | undefined;
  return () => (held ??= heldStreams(region, deployed));
}

/**
 * What the servers of all regions hold, as they report it to the system account.
 *
 * @throws {Error} where no server can be reached
 */
async function heldStreams(region: Omit<RegionSpec, "accounts">, deployed: Deployed): Promise<Held> {
  return withSystem(region, deployed, (system) => requests().heldStreams(system, serverNames(region.settings)));
}

/**
 * How many clients of these accounts are connected, in all regions.
 *
 * @throws {Error} where not all servers answer
 */
export const connectionsInUse = (
  region: Omit<RegionSpec, "accounts">,
  deployed: Deployed,
  accounts: string[],
): Promise<Record<string, number>> =>
  withSystem(region, deployed, (system) => requests().connectionsInUse(system, accounts, serverNames(region.settings)));

/** Loaded where servers are asked: most runs ask none. */
const requests = () => require("../jetstream/system-requests") as typeof import("../jetstream/system-requests");
