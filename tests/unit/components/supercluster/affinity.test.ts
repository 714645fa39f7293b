import assert from "node:assert/strict";
import { affinityOf } from "../../../../components/supercluster/affinity";
import { serverLabels } from "../../../../components/supercluster/load-balancers";
import { kubernetesSettings } from "../../../support/kubernetes";

const others = (topologyKey = "kubernetes.io/hostname") => ({
  topologyKey,
  labelSelector: { matchLabels: serverLabels },
});
const databases = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "db" } } };
const required = (...terms: object[]) => ({ requiredDuringSchedulingIgnoredDuringExecution: terms });

describe("affinity of servers", () => {
  it("keeps them on hosts of their own, by the key that settings name", () => {
    assert.deepEqual(affinityOf(kubernetesSettings()), { podAntiAffinity: required(others()) });
    const keys = kubernetesSettings({ topologyKeys: { host: "example.com/rack" } });
    assert.deepEqual(affinityOf(keys), { podAntiAffinity: required(others("example.com/rack")) });
  });

  it("has what settings add beside that, whether it is required or preferred", () => {
    const affinity = { nodeAffinity: {}, podAntiAffinity: required(databases) };
    assert.deepEqual(affinityOf(kubernetesSettings({ affinity })), {
      nodeAffinity: {},
      podAntiAffinity: required(others(), databases),
    });
    assert.deepEqual(affinityOf(kubernetesSettings({ antiAffinity: "preferred", affinity })), {
      nodeAffinity: {},
      podAntiAffinity: {
        ...required(databases),
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: others() }],
      },
    });
  });
});
