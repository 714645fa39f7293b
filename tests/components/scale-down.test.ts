import assert from "node:assert/strict";
import { scaleDownProvider, type ScaleDownInputs } from "../../components/supercluster/provider/scale-down-provider";
import { KubeApi } from "../support/kube-api";
import { said } from "../support/said";

const patience = { stuckMs: 300, everyMs: 5, logEveryMs: 60_000 };
const provider = scaleDownProvider(patience);
const statefulSet = "/apis/apps/v1/namespaces/nats/statefulsets/iad";
const pod = (server: number) => `/api/v1/namespaces/nats/pods/iad-${server}`;
const jsz = (server: number) => `${pod(server)}%3A8222/proxy/jsz`;

const sizeOf = (api: KubeApi): number =>
  (api.things.get(statefulSet) as unknown as { spec: { replicas: number } }).spec.replicas;

/** Plays the controller: the pods beyond the replicas are gone. */
const stops = (api: KubeApi): void => {
  for (let server = sizeOf(api); server < 5; server++) api.things.delete(pod(server));
};

describe("ScaleDown, against an API server that keeps what it is told", () => {
  const apis: KubeApi[] = [];
  afterEach(() => apis.splice(0).forEach((api) => api.stop()));

  /** A region of five servers, with this many streams on each. */
  async function region(streams = 0, controller = stops): Promise<KubeApi> {
    const api = await KubeApi.start(controller);
    apis.push(api);
    const { uid } = api.put(statefulSet, {
      spec: { replicas: 5, selector: { matchLabels: { app: "nats" } } },
    }).metadata;
    for (const server of [0, 1, 2, 3, 4]) {
      api.put(pod(server), { metadata: { namespace: "nats", labels: { app: "nats" }, ownerReferences: [{ uid }] } });
      api.put(jsz(server), { streams });
    }
    return api;
  }
  const inputs = (api: KubeApi, servers: number): ScaleDownInputs => ({
    region: "iad",
    namespace: "nats",
    statefulSet: "iad",
    servers,
    cluster: { kubeconfig: api.kubeconfig(), context: "nats-iad" },
  });
  const update = (news: ScaleDownInputs) => said(() => provider.update("", { ...news, servers: 5 }, news));

  it("stops one pod after another, the highest first", async () => {
    const sizes: number[] = [];
    const api = await region(0, (self) => {
      sizes.push(sizeOf(self));
      stops(self);
    });
    const lines = await update(inputs(api, 3));
    assert.deepEqual(sizes, [4, 3]);
    assert.deepEqual(api.writes, ["patch iad", "patch iad"]);
    assert.match(lines.join("\n"), /stopping iad-4\n.*stopping iad-3/);
  });

  it("does nothing before the region exists, and with as many servers or more", async () => {
    const empty = await KubeApi.start();
    apis.push(empty);
    await provider.create(inputs(empty, 3));
    const api = await region();
    await provider.create(inputs(api, 5));
    assert.deepEqual([empty.writes, api.writes], [[], []]);
  });

  it("waits for a pod that is terminating, and continues where a run ended", async () => {
    const api = await region(0, () => undefined);
    await assert.rejects(
      update(inputs(api, 3)),
      /^Error: iad: iad-4 is terminating, for .* min\. No other pod was stopped/,
    );
    assert.equal(sizeOf(api), 4);
  });

  it("shows why a pod does not terminate: its node is lost", async () => {
    const api = await region(0, (self) => {
      const metadata = { deletionTimestamp: "2026-01-01T00:00:00Z" };
      Object.assign((self.get(pod(4)) as { metadata: object }).metadata, metadata);
      Object.assign(self.get(pod(4)) as object, { spec: { nodeName: "node-b", containers: [] } });
    });
    const lines = await said(() => provider.update("", inputs(api, 5), inputs(api, 3)).catch(() => undefined));
    assert.equal(
      lines[1],
      "iad: waiting for 0 s, iad-4 is terminating " +
        "(iad-4: it should have terminated by now, but node node-b has not confirmed it)",
    );
  });

  it("refuses to stop a server that holds streams", async () => {
    const api = await region(2);
    await assert.rejects(
      update(inputs(api, 3)),
      /^Error: iad: iad-4 is not stopped, because it holds 2 streams; .*drain-servers/,
    );
    assert.deepEqual(api.writes, []);
  });

  it("stops no server that is ready while its streams could not be counted, and reports why", async () => {
    const api = await region(2);
    Object.assign(api.get(pod(4)) as object, { status: { conditions: [{ type: "Ready", status: "True" }] } });
    api.refuse(/portforward|proxy/);
    await assert.rejects(
      update(inputs(api, 3)),
      /^Error: iad: monitoring of iad-4 could not be read: by port-forwarding, .*needs the right pods\/portforward/,
    );
    assert.deepEqual(api.writes, []);
  });

  it("reports at preview what it does", async () => {
    const api = await region();
    const lines = await said(() => provider.diff("", inputs(api, 5), inputs(api, 3)));
    assert.deepEqual(lines, [
      "iad: stopping 2 of 5 servers, one after another, the highest number first; their volumes are kept",
    ]);
  });
});
