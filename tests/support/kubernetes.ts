import { kubernetes } from "../../config/schema/kubernetes";
import { environment, type KubernetesEnvironment } from "../../config/schema/settings";

/** The production environment of Pulumi.yaml with some settings changed, as the program gets it. */
export function kubernetesEnvironment(change: Partial<KubernetesEnvironment> = {}): KubernetesEnvironment {
  const settings = {
    target: "kubernetes",
    domain: "nats.example.com",
    regions: ["iad", "ams", "syd"],
    servers: 3,
    storage: { file: "90GiB", memory: "1GiB" },
    syncInterval: "2m",
    maxPayload: "8MiB",
    lameDuck: { duration: "30s", gracePeriod: "10s" },
    jetstream: { jetstream: ["arrakis", "covenant", "irisx", "aigentflow"] },
    kubernetes: { clusters },
    ...change,
  };
  return environment.parse(settings) as KubernetesEnvironment;
}

/** A cluster of its own for each region. */
export const clusters = Object.fromEntries(
  ["iad", "ams", "syd"].map((region) => [region, { context: `nats-${region}` }]),
);

/** Settings of Kubernetes as a person writes them, with defaults filled in. */
export const kubernetesSettings = (change: object = {}) => kubernetes.parse({ clusters, ...change });
