import assert from "node:assert/strict";
import { accountsConf, accountsFingerprint } from "../../components/security/accounts-conf";
import { accountsOf } from "../../components/security/accounts";
import { podConfig } from "../../components/supercluster/chart-values";
import { rolloutProvider, type RolloutInputs } from "../../components/supercluster/provider/rollout-provider";
import { pollUntil } from "../../config/poll-until";
import { tenants } from "../../tenants";
import { usersOf } from "../support/accounts";
import { KubeApi } from "../support/kube-api";
import { kubernetesEnvironment } from "../support/kubernetes";
import { waitMs } from "../support/limits";

describe("accounts that were given to a region's servers", function () {
  this.timeout(waitMs);
  const settings = kubernetesEnvironment();
  const accounts = accountsOf(settings, tenants);
  const loaded = accountsFingerprint(accounts, usersOf(accounts));
  const names = ["iad-0", "iad-1", "iad-2"];
  const namespace = "/api/v1/namespaces/nats";
  let api: KubeApi;
  before(async () => {
    api = await KubeApi.start();
    api.put("/apis/apps/v1/namespaces/nats/statefulsets/iad", {
      metadata: { uid: "set", generation: 1 },
      spec: { replicas: 3, selector: { matchLabels: {} } },
      status: { observedGeneration: 1, updateRevision: "new" },
    });
    for (const name of names) {
      api.put(`${namespace}/pods/${name}`, {
        metadata: {
          name,
          namespace: "nats",
          labels: { "controller-revision-hash": "new" },
          annotations: {},
          ownerReferences: [{ uid: "set" }],
        },
        status: { conditions: [{ type: "Ready", status: "True" }] },
      });
      api.put(`${namespace}/pods/${name}%3A8222/proxy/healthz`, { status: "ok" });
      api.put(`${namespace}/pods/${name}%3A8222/proxy/jsz`, { meta_cluster: { leader: "iad-0" } });
    }
  });
  after(() => api.stop());
  const serves = (name: string, metadata?: object) =>
    api.put(`${namespace}/pods/${name}%3A8222/proxy/varz`, { ...(metadata && { metadata }) });
  const inputs = (): RolloutInputs => ({
    environment: "production",
    region: "iad",
    namespace: "nats",
    statefulSet: "iad",
    servers: 3,
    parts: {},
    cluster: { kubeconfig: api.kubeconfig(), context: "nats-iad" },
    state: {
      config: podConfig({ name: "iad", environment: "production", settings, accounts }, 0),
      files: {},
      version: "2.14.2",
    },
    accounts: loaded,
    release: "same",
  });

  for (const [what, before] of [
    ["an earlier file", { accounts: "0000000000000000" }],
    ["a file of before servers reported it", undefined],
  ] as const)
    it(`are in force when a run ends: it waits for a server that still has ${what}, and restarts none`, async () => {
      for (const name of names) serves(name, { accounts: loaded });
      serves("iad-1", before);
      let isComplete = false;
      const running = rolloutProvider()
        .update("", inputs(), inputs())
        .then(() => (isComplete = true));
      assert.ok(await pollUntil(() => Promise.resolve(api.writes.length > 0 || undefined), waitMs));
      assert.equal(isComplete, false);
      serves("iad-1", { accounts: loaded });
      await running;
      // Its kubelet mounts its Secrets again, once.
      assert.deepEqual(api.writes.splice(0), ["patch iad-1"]);
      const { metadata } = api.get(`${namespace}/pods/iad-1`) as { metadata: { annotations: object } };
      assert.deepEqual(metadata.annotations, { "supercluster/files": loaded });
    });

  it("are in force with certificates: it waits for a server that still has others", async () => {
    const [now, before] = ["2027-11-28T13:05:07Z", "2027-03-01T00:00:00Z"];
    const expiry = "2027-11-28T13:05:07.000Z";
    const certificates = { fingerprint: "new", client: expiry, peer: expiry };
    const shows = (client: string, cluster: string, gateway: string, fingerprint = "new") => ({
      metadata: { accounts: loaded, certificates: fingerprint },
      tls_cert_not_after: client,
      cluster: { tls_cert_not_after: cluster },
      gateway: { tls_cert_not_after: gateway },
    });
    const varz = (name: string) => `${namespace}/pods/${name}%3A8222/proxy/varz`;
    const old = [
      shows(before, now, now),
      shows(now, before, now),
      shows(now, now, before),
      shows(now, now, now, "old"),
    ];
    for (const late of old) {
      for (const name of names) api.put(varz(name), shows(now, now, now));
      api.put(varz("iad-2"), late);
      let isComplete = false;
      const wanted = { ...inputs(), certificates };
      const running = rolloutProvider()
        .update("", inputs(), wanted)
        .then(() => (isComplete = true));
      assert.ok(await pollUntil(() => Promise.resolve(api.writes.length > 0 || undefined), waitMs));
      assert.equal(isComplete, false);
      api.put(varz("iad-2"), shows(now, now, now));
      await running;
      assert.deepEqual(api.writes.splice(0), ["patch iad-2"]);
    }
    const { metadata } = api.get(`${namespace}/pods/iad-2`) as { metadata: { annotations: object } };
    assert.deepEqual(metadata.annotations, { "supercluster/files": `${loaded} new` });
  });

  it("are not waited for with certificates of which a server does not report when they expire", async () => {
    for (const name of names) serves(name, { accounts: loaded, certificates: "new" });
    const certificates = { fingerprint: "new", client: "2027-11-28T13:05:07.000Z" };
    await rolloutProvider().update("", inputs(), { ...inputs(), certificates });
    assert.deepEqual(api.writes, []);
  });

  it("are waited for where pods may not be changed: kubelets mount Secrets again by themselves", async () => {
    for (const name of names) serves(name, { accounts: loaded });
    const { metadata } = api.get(`${namespace}/pods/iad-1`) as { metadata: { annotations?: object } };
    delete metadata.annotations;
    let looks = 0;
    api.put(`${namespace}/pods/iad-1%3A8222/proxy/varz`, { toJSON: () => (looks++, {}) });
    let isComplete = false;
    const running = rolloutProvider()
      .update("", inputs(), inputs())
      .then(() => (isComplete = true));
    assert.ok(await pollUntil(() => Promise.resolve(looks > 1 || undefined), waitMs), "it looks again");
    assert.equal(isComplete, false);
    serves("iad-1", { accounts: loaded });
    await running;
    assert.deepEqual(api.writes, []);
  });

  it("are read over HTTPS from pods that serve monitoring so, and over HTTP from all others", async () => {
    const pod = api.get(`${namespace}/pods/iad-1`) as { spec?: object };
    pod.spec = { containers: [{ name: "nats", ports: [{ name: "monitor", containerPort: 8223 }] }] };
    for (const name of names) serves(name, { accounts: loaded });
    serves("iad-1", { accounts: "not by HTTP any more" });
    const secured = `${namespace}/pods/https%3Aiad-1%3A8223/proxy`;
    api.put(`${secured}/healthz`, { status: "ok" });
    api.put(`${secured}/jsz`, { meta_cluster: { leader: "iad-0" } });
    api.put(`${secured}/varz`, { metadata: { accounts: loaded } });
    await rolloutProvider().update("", inputs(), inputs());
    assert.deepEqual(api.writes, []);
    delete pod.spec;
  });

  it("are named in the file by what servers report", () =>
    assert.ok(accountsConf(accounts, usersOf(accounts)).startsWith(`server_metadata: {"accounts":"${loaded}"}\n`)));
});
