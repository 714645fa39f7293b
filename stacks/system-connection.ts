import type { NatsConnection } from "@nats-io/transport-node";
import type { RegionSpec } from "../config/assets/region";
import { systemAccount } from "../config/assets/standard";
import type { RegionOutputs } from "./outputs";
import { regionAccess } from "./region-access";

/** How a region was deployed: with its outputs, the system account can connect to the servers of all regions. */
export type Deployed = Pick<RegionOutputs, "ca" | "accounts"> &
  Partial<Pick<RegionOutputs, "region" | "reservations" | "connections" | "workers" | "monitoring">>;

/**
 * Runs an action with a connection of the system account: to this region's servers, or those of another region where
 * these do not answer.
 *
 * @throws {Error} where no server can be reached; waits for no server longer than some seconds
 */
export async function withSystem<T>(
  { name, environment, settings }: Omit<RegionSpec, "accounts">,
  { ca, accounts }: Deployed,
  action: (system: NatsConnection) => Promise<T>,
): Promise<T> {
  // Loaded here: a run that has nothing to ask needs no client.
  type Provider = typeof import("../components/jetstream/provider/connections");
  const { Connections } = require("../components/jetstream/provider/connections") as Provider;
  const failures: string[] = [];
  for (const region of [name, ...settings.regions.filter((other) => other !== name)]) {
    const connections = new Connections({
      owner: environment,
      regions: [regionAccess(settings, region)],
      ca,
      provisioners: {},
      system: accounts[systemAccount.name]!.users[systemAccount.user]!,
    });
    const system = await connections
      .system()
      .catch((error: Error) => void failures.push(`${region}: ${error.message}`));
    if (!system) continue;
    try {
      return await action(system);
    } finally {
      await system.close();
    }
  }
  throw new Error(failures.join("; "));
}
