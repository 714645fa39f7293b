import assert from "node:assert/strict";
import { chartValues } from "../../../../components/supercluster/chart-values";
import { changedParts, configurationParts, podParts, runsWith } from "../../../../components/supercluster/pod-parts";
import type { KubernetesEnvironment } from "../../../../config/schema/settings";
import { localEnvironment, regionOf } from "../../../support/accounts";
import { kubernetesEnvironment, kubernetesSettings } from "../../../support/kubernetes";
import { podChanges } from "../../../support/pod-changes";

const partsOf = (settings: KubernetesEnvironment) => podParts(chartValues(regionOf(settings)), settings);

describe("the parts of a server's pod", () => {
  const before = partsOf(kubernetesEnvironment());

  for (const { what, settings, parts } of podChanges)
    it(`${parts.length ? "show" : "are not touched by"} a change of ${what}`, () =>
      assert.deepEqual(changedParts(before, partsOf(settings)), parts));

  it("have the version of the chart, which labels of a pod name", () => {
    const { chart } = kubernetesSettings();
    const settings = kubernetesEnvironment({
      kubernetes: kubernetesSettings({ chart: { ...chart, version: "2.14.3" } }),
    });
    assert.deepEqual(changedParts(before, partsOf(settings)), ["kubernetes.chart.version"]);
  });

  it("have every value that is not known to be beside the pod, under its own path", () => {
    const values = chartValues(regionOf(kubernetesEnvironment()));
    const more = { ...values, podTemplate: { ...values.podTemplate, merge: { ...values.podTemplate.merge, x: 1 } } };
    const changed = podParts({ ...more, new: { key: true } }, kubernetesEnvironment());
    assert.deepEqual(changedParts(before, changed), ["new.key", "podTemplate.merge.x"]);
  });

  it("are fingerprints: no value stands in them", () => {
    for (const fingerprint of Object.values(before)) assert.match(fingerprint, /^[0-9a-f]{8}$/);
  });

  it("stay where the configuration changes, whose parts name the setting of nats.conf, on every target", () => {
    const grown = { regions: ["iad", "ams", "syd", "sin"] };
    const known = kubernetesSettings();
    const kubernetes = { ...known, clusters: { ...known.clusters, sin: { context: "nats-sin" } } };
    const [one, other] = [kubernetesEnvironment(), kubernetesEnvironment({ ...grown, kubernetes })];
    assert.deepEqual(changedParts(partsOf(one), partsOf(other)), []);
    assert.deepEqual(changedParts(runsWith(regionOf(one)).parts, runsWith(regionOf(other)).parts), ["gateway"]);
    const local = (change: object) => runsWith(regionOf(localEnvironment(change))).parts;
    assert.deepEqual(changedParts(local({}), local(grown)), ["gateway"]);
    assert.deepEqual(changedParts(local({}), local({ maxPayload: "4MiB" })), [], "which servers reload");
    // Nothing in the configuration shows it: it is in the accounts file.
    assert.deepEqual(changedParts(local({}), local({ authCallout: {} })), ["authCallout"]);
    assert.deepEqual(local({}), configurationParts(regionOf(localEnvironment({}))));
  });
});
