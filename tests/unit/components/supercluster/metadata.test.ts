import assert from "node:assert/strict";
import { annotationsOf, labelsOf, metadataOf } from "../../../../components/supercluster/metadata";
import { kubernetesEnvironment, kubernetesSettings } from "../../../support/kubernetes";

const settings = kubernetesEnvironment({
  kubernetes: kubernetesSettings({
    labels: { all: { team: "messaging" }, pods: { team: "nats", sidecar: "off" } },
    annotations: { all: { contact: "team-<region>" }, services: { scheme: "internal" } },
  }),
});

describe("labels and annotations of objects", () => {
  it("are those of all, and of the kind, which win", () => {
    assert.deepEqual(labelsOf(settings), { team: "messaging" });
    assert.deepEqual(labelsOf(settings, "pods"), { team: "nats", sidecar: "off" });
    assert.deepEqual(annotationsOf(settings, "iad", "services"), { contact: "team-iad", scheme: "internal" });
    assert.deepEqual(annotationsOf(settings, "ams", "pods"), { contact: "team-ams" });
  });

  it("stand nowhere where there are none", () => {
    assert.deepEqual(metadataOf({}, {}), {});
    assert.deepEqual(metadataOf({ a: "b" }, {}), { labels: { a: "b" } });
  });
});
