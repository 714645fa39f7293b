import assert from "node:assert/strict";
import {
  objectLabels,
  releasedChart,
  releaseFingerprint,
  serverVersion,
} from "../../../../components/supercluster/release";
import { kubernetesEnvironment, kubernetesSettings } from "../../../support/kubernetes";

const settings = (change: object = {}) => kubernetesEnvironment({ kubernetes: kubernetesSettings(change) });

describe("release of a region", () => {
  it("takes the chart of a path where the settings name one, else of the repository and version", () => {
    const { chart } = settings().kubernetes;
    assert.deepEqual(releasedChart(settings()), {
      chart: "nats",
      version: chart.version,
      repositoryOpts: { repo: chart.repository },
    });
    assert.deepEqual(releasedChart(settings({ chart: { ...chart, path: "charts/nats" } })), { chart: "charts/nats" });
  });

  it("has a fingerprint that changes with its values and with its chart", () => {
    const { chart } = settings().kubernetes;
    const first = releaseFingerprint({ replicas: 3 }, settings());
    assert.match(first, /^[0-9a-f]{16}$/);
    assert.equal(releaseFingerprint({ replicas: 3 }, settings()), first);
    assert.notEqual(releaseFingerprint({ replicas: 1 }, settings()), first);
    assert.notEqual(releaseFingerprint({ replicas: 3 }, settings({ chart: { ...chart, version: "0.0.1" } })), first);
  });

  it("identifies nats-server by the digest of its image, else by its tag", () => {
    const { images } = settings().kubernetes;
    const nats = (change: object) => settings({ images: { ...images, nats: { ...images.nats, ...change } } });
    const digest = `sha256:${"a".repeat(64)}`;
    assert.equal(serverVersion(nats({ tag: "2.14.9-alpine", digest: undefined })), "2.14.9-alpine");
    assert.equal(serverVersion(nats({ tag: "2.14.9-alpine", digest })), digest);
  });

  it("labels its objects with who manages them, the environment and the region", () => {
    assert.deepEqual(objectLabels({ environment: "test", name: "iad" }), {
      "app.kubernetes.io/managed-by": "supercluster",
      "supercluster/environment": "test",
      "supercluster/region": "iad",
    });
  });
});
