import type { RegionAccess } from "../components/jetstream/provider/settings";
import type { Environment } from "../config/schema/settings";
import { clientUrls, forwardTo, serverNames } from "../config/topology";

/** Where the servers of a region are found, by the settings. */
export const regionAccess = (environment: Environment, region: string, degraded = false): RegionAccess => ({
  name: region,
  servers: serverNames(environment, [region]),
  clientUrls: clientUrls(environment, region),
  forward: forwardTo(environment, region),
  degraded,
});
