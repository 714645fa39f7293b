import { environment, type KubernetesEnvironment } from "../../config/schema/settings";
import { chartFolder } from "./chart";
import { currentCluster } from "./cloud";

/** What a test's supercluster is to be like. */
export interface KubeOptions {
  /** Of the environment, its namespaces and its domain: several of them share a cluster. */
  name: string;
  regions: string[];
  /** A region. Default: 3. */
  servers?: number;
  /** Default: preferred, for clusters with fewer nodes than servers. */
  antiAffinity?: "required" | "preferred";
  jetstream?: Record<string, string[]>;
}

/**
 * An environment as it would stand in Pulumi.yaml: a namespace a region of the cluster that KUBECONFIG names, and
 * little of everything.
 */
export function kubeSettings({
  name,
  regions,
  servers = 3,
  antiAffinity = "preferred",
  jetstream = { jetstream: ["arrakis", "covenant", "irisx", "aigentflow"] },
}: KubeOptions): object {
  const { context } = currentCluster();
  return {
    target: "kubernetes",
    domain: `${name}.example.com`,
    regions,
    servers,
    storage: { file: "90GiB", memory: "1GiB" },
    syncInterval: "2m",
    maxPayload: "8MiB",
    lameDuck: { duration: "30s", gracePeriod: "1s" },
    jetstream,
    kubernetes: {
      namespace: `${name}-<region>`,
      clusters: Object.fromEntries(regions.map((region) => [region, { context }])),
      chart: { path: chartFolder() },
      resources: { cpu: "50m", memory: "1536MiB" },
      volume: { size: "100GiB", storageClass: { existing: process.env.KUBE_STORAGE_CLASS ?? "local" } },
      antiAffinity,
      loadBalancers: { dns: "none", annotations: {} },
      access: "portForward",
    },
  };
}

/** The same as the program gets it. */
export const kubeEnvironment = (options: KubeOptions): KubernetesEnvironment =>
  environment.parse(kubeSettings(options)) as KubernetesEnvironment;
