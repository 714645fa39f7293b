import * as pulumi from "@pulumi/pulumi";
import type { RegionSpec } from "../config/assets/region";
import { npmRun } from "../config/command-lines";
import { serverNames } from "../config/topology";
import { refusalOfForgetting, refusalOfStopping, shrinkOf } from "../jetstream/leaving-servers";
import { type Deployed, withSystem } from "./system-connection";

/**
 * Refuses a region with fewer servers than it was deployed with, while the servers that would stop hold a copy of a
 * stream or consumer, or the meta group counts them. If the servers cannot be asked, it is refused too. Where no server
 * leaves, none is asked.
 *
 * @param deployed as the stack was deployed last
 * @throws {pulumi.RunError} with what they hold, and the command that moves it
 */
export async function refuseStoppingHolders(region: Omit<RegionSpec, "accounts">, deployed: Deployed): Promise<void> {
  const { name, environment, settings } = region;
  const staying = serverNames(settings, [name]);
  const shrink = shrinkOf(name, deployed.region?.servers ?? [], staying);
  if (!shrink) return;
  const { readHoldings } = require("../jetstream/holdings") as typeof import("../jetstream/holdings");
  const holdings = await withSystem(region, deployed, (system) => readHoldings(system)).catch(
    (error: Error) => error.message,
  );
  const refusal = refusalOfStopping(shrink, holdings, npmRun("drain-servers", environment));
  if (refusal) throw new pulumi.RunError(refusal);
}

/**
 * Refuses a local region that is not deployed, while folders of servers that it no longer has hold streams: those were
 * stopped with their data kept, and no server runs that could be asked.
 *
 * @throws {pulumi.RunError} with the streams, and what to do
 */
export function refuseForgottenServers({ name, environment, settings }: Omit<RegionSpec, "accounts">): void {
  if (settings.target !== "local") return;
  type Forgotten = typeof import("../components/local/forgotten-data");
  const { forgottenStreams } = require("../components/local/forgotten-data") as Forgotten;
  const staying = serverNames(settings, [name]);
  const refusal = refusalOfForgetting(name, staying, forgottenStreams({ environment, region: name }, staying));
  if (refusal) throw new pulumi.RunError(refusal);
}
