import assert from "node:assert/strict";
import { chartValues, podConfig } from "../../../../components/supercluster/chart-values";
import { podParts } from "../../../../components/supercluster/pod-parts";
import { releaseFingerprint, serverVersion } from "../../../../components/supercluster/release";
import { announcementOf } from "../../../../components/supercluster/rollout-class";
import type { KubernetesEnvironment } from "../../../../config/schema/settings";
import { regionOf } from "../../../support/accounts";
import { kubernetesEnvironment, kubernetesSettings } from "../../../support/kubernetes";

function rollout(settings: KubernetesEnvironment) {
  const region = { ...regionOf(settings), settings };
  const values = chartValues(region);
  return {
    region: "iad",
    servers: settings.servers,
    state: { config: podConfig(region, 0), files: {}, version: serverVersion(settings) },
    accounts: "1",
    parts: podParts(values, settings),
    release: releaseFingerprint(values, settings),
  };
}
const kubernetes = (change: object) => kubernetesEnvironment({ kubernetes: kubernetesSettings(change) });
const before = rollout(kubernetesEnvironment());
const said = (settings: KubernetesEnvironment) => announcementOf(before, rollout(settings));
const rolling = "rolling restart of its 3 pods, one after another, each when the previous one is current";

describe("what a deployment does to a region's pods", () => {
  it("is nothing where nothing changes", () => assert.equal(said(kubernetesEnvironment()), undefined));

  it("is a rolling restart of a number of pods, for what is in their template", () => {
    assert.equal(said(kubernetes({ resources: { memory: "4GiB" } })), `iad: kubernetes.resources changed: ${rolling}`);
    assert.equal(
      said(kubernetes({ images: { exporter: { tag: "0.21.0" } } })),
      `iad: kubernetes.images.exporter changed: ${rolling}`,
    );
  });

  it("is a rolling restart for what a server cannot reload; an image is named once", () => {
    assert.equal(
      said(kubernetesEnvironment({ syncInterval: "1m" })),
      `iad: jetstream.sync_interval changed: ${rolling}`,
    );
    assert.equal(
      said(kubernetes({ images: { nats: { tag: "2.14.7-alpine" } } })),
      `iad: kubernetes.images.nats changed: ${rolling}`,
    );
  });

  it("is a rolling restart of the pods that exist, where there are to be more", () => {
    const settings = kubernetesEnvironment({ servers: 5 });
    assert.match(said(settings)!, /^iad: gateway\.gateways changed: rolling restart of its 3 pods/);
  });

  it("is a reload, for what a server applies while it runs", () =>
    assert.equal(
      said(kubernetesEnvironment({ maxPayload: "4MiB" })),
      "iad: max_payload changed: its servers reload it, none is restarted",
    ));

  it("is a reload for users, and for what else is in the accounts file", () => {
    assert.equal(
      announcementOf(before, { ...before, accounts: "2" }),
      "iad: accounts.conf changed: its servers reload it, none is restarted",
    );
    const { accounts: _, ...old } = before;
    assert.equal(announcementOf(old, before), undefined);
  });

  it("is a reload for certificates; a state of an earlier release has none to compare", () => {
    const deployed = { ...before, certificates: { fingerprint: "1" } };
    assert.equal(
      announcementOf(deployed, { ...deployed, certificates: { fingerprint: "2" } }),
      "iad: tls/certificates changed: its servers reload it, none is restarted",
    );
    assert.equal(announcementOf(before, deployed), undefined);
  });

  it("is a rolling restart for what settings write over the chart's configuration", () =>
    assert.equal(
      said(kubernetes({ values: { config: { merge: { write_deadline: "5s" } } } })),
      `iad: kubernetes.values.config changed: ${rolling}`,
    ));

  it("is no restart, for what is beside the servers", () =>
    assert.equal(
      said(kubernetes({ natsBox: { enabled: true } })),
      "iad: the chart's values changed beside the servers' pods: no server is restarted",
    ));

  it("is a new region, with all its pods at once", () =>
    assert.equal(announcementOf(undefined, before), "iad: new region: 3 pods start at the same time"));

  it("is known in part from a state that an earlier release wrote", () => {
    const { parts: _, servers: __, ...old } = before;
    const changed = rollout(kubernetes({ resources: { memory: "4GiB" } }));
    assert.match(announcementOf(old, changed)!, /^iad: the chart's values changed, and the deployed state does not/);
    const upgraded = rollout(kubernetes({ images: { nats: { tag: "2.14.7-alpine" } } }));
    assert.equal(announcementOf(old, upgraded), `iad: version changed: ${rolling}`);
  });
});
