import type { Environment, KubernetesEnvironment } from "./schema/settings";

/** Servers of regions and what each of them has: an environment's own, where `byRegion` has no others for a region. */

type Sized = Pick<Environment, "servers" | "storage" | "byRegion">;

/** How many servers a region has. */
export const serversIn = ({ servers, byRegion }: Pick<Sized, "servers" | "byRegion">, region: string): number =>
  byRegion?.[region]?.servers ?? servers;

/** How many servers all regions have together. */
export const serversInAll = (environment: Pick<Environment, "servers" | "byRegion" | "regions">): number =>
  environment.regions.reduce((sum, region) => sum + serversIn(environment, region), 0);

/** What one server of a region gives to JetStream. */
export const storageIn = (
  { storage, byRegion }: Pick<Sized, "storage" | "byRegion">,
  region: string,
): Sized["storage"] => ({ ...storage, ...byRegion?.[region]?.storage });

/** CPU and memory of one server of a region, on Kubernetes. */
export const resourcesIn = (
  { kubernetes, byRegion }: Pick<KubernetesEnvironment, "kubernetes" | "byRegion">,
  region: string,
): KubernetesEnvironment["kubernetes"]["resources"] => ({
  ...kubernetes.resources,
  ...byRegion?.[region]?.kubernetes?.resources,
});

/** Size of the volume of one server of a region, on Kubernetes. */
export const volumeSizeIn = (
  { kubernetes, byRegion }: Pick<KubernetesEnvironment, "kubernetes" | "byRegion">,
  region: string,
): KubernetesEnvironment["kubernetes"]["volume"]["size"] =>
  byRegion?.[region]?.kubernetes?.volume?.size ?? kubernetes.volume.size;
