import type { Held } from "../config/assets/reservations";
import type { RegionSpec } from "../config/assets/region";
import { systemAccount } from "../config/assets/standard";
import { clientUrls, forwardTo, serversOf } from "../config/topology";
import type { RegionOutputs } from "./outputs";

/** How a region was deployed: with its outputs, the system account can connect to the servers of all regions. */
export type Deployed = Pick<RegionOutputs, "ca" | "accounts"> & Partial<Pick<RegionOutputs, "reservations">>;

/** Asks the servers at most once in a run, and only when something wants to know. */
export function askedOnce(region: Omit<RegionSpec, "accounts">, deployed: Deployed): () => Promise<Held> {
  let held: Promise<Held> | undefined;
  return () => (held ??= heldStreams(region, deployed));
}

/**
 * What the servers of all regions hold, as they report it to the system account: through this region's servers, or
 * those of another region where these do not answer. Waits for no server longer than some seconds.
 *
 * @throws {Error} where no server can be reached
 */
async function heldStreams(
  { name, environment, settings }: Omit<RegionSpec, "accounts">,
  { ca, accounts }: Deployed,
): Promise<Held> {
  // Loaded here: a run that has nothing to ask needs no client.
  type Provider = typeof import("../components/jetstream/provider/connections");
  const { Connections } = require("../components/jetstream/provider/connections") as Provider;
  const requests = require("../jetstream/system-requests") as typeof import("../jetstream/system-requests");
  const serverNames = (region: string) => serversOf(settings, region).map((server) => server.name);
  const failures: string[] = [];
  for (const region of [name, ...settings.regions.filter((other) => other !== name)]) {
    const servers = serverNames(region);
    const forward = forwardTo(settings, region);
    const connections = new Connections({
      owner: environment,
      regions: [{ name: region, servers, clientUrls: clientUrls(settings, region), forward, degraded: false }],
      ca,
      provisioners: {},
      system: accounts[systemAccount.name]!.users[systemAccount.user]!,
    });
    const system = await connections
      .system()
      .catch((error: Error) => void failures.push(`${region}: ${error.message}`));
    if (!system) continue;
    try {
      return await requests.heldStreams(system, settings.regions.flatMap(serverNames));
    } finally {
      await system.close();
    }
  }
  throw new Error(failures.join("; "));
}
