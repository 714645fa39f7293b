import assert from "node:assert/strict";
import { rolloutProvider, type RolloutInputs } from "../../components/supercluster/provider/rollout-provider";
import { chartValues, podConfig } from "../../components/supercluster/chart-values";
import { podParts } from "../../components/supercluster/pod-parts";
import { regionOf } from "../support/accounts";
import { KubeApi } from "../support/kube-api";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { said } from "../support/said";

const patience = { stuckMs: 300, everyMs: 5, logEveryMs: 60_000 };
const settings = kubernetesEnvironment();
const state = { config: podConfig(regionOf(settings), 0), files: {}, version: "2.15.3-alpine" };
const statefulSet = "/apis/apps/v1/namespaces/nats/statefulsets/iad";
const pod = (name: string) => `/api/v1/namespaces/nats/pods/${name}`;
const event = (name: string) => `/api/v1/namespaces/nats/events/${name}`;
const names = ["iad-0", "iad-1", "iad-2"];
const ready = { conditions: [{ type: "Ready", status: "True" }] };
const starting = { conditions: [{ type: "Ready", status: "False" }] };

const waitingFor = (reason: string, message: string) => ({
  ...starting,
  containerStatuses: [
    {
      name: "nats",
      image: "nats:9.9.9",
      ready: false,
      restartCount: 0,
      state: { waiting: { reason, message } },
    },
  ],
});

/** What a region is like, and what Kubernetes makes of a pod that is deleted. */
interface There {
  status?: object;
  events?: { reason: string; message: string }[];
  revision?: string;
  /** Called after each deletion. */
  advance?: () => void;
}

describe("Rollout, against an API server that keeps what it is told", () => {
  const apis: KubeApi[] = [];
  afterEach(() => apis.splice(0).forEach((api) => api.stop()));

  /**
   * A region of three pods, outdated unless `revision` is new. A pod that is deleted comes back with this status, and
   * with these events.
   */
  async function region({
    status = ready,
    events = [],
    revision = "old",
    advance = () => undefined,
  }: There = {}): Promise<KubeApi> {
    const put = (api: KubeApi, name: string, hash: string, with_: object) => {
      const { uid } = (api.get(statefulSet) as { metadata: { uid: string } }).metadata;
      const made = api.put(pod(name), {
        metadata: {
          namespace: "nats",
          labels: { app: "nats", "controller-revision-hash": hash },
          ownerReferences: [{ uid }],
        },
        status: with_,
      });
      return made.metadata.uid!;
    };
    const api = await KubeApi.start((self, write) => {
      const [what, name] = write.split(" ");
      if (what !== "delete") return;
      const uid = put(self, name!, "new", status);
      events.forEach((one, index) =>
        self.put(event(`${name}-${index}`), {
          ...one,
          type: "Warning",
          involvedObject: { uid },
          lastTimestamp: new Date().toISOString(),
        }),
      );
      advance();
    });
    apis.push(api);
    api.put(statefulSet, {
      metadata: { namespace: "nats", generation: 2 },
      spec: { replicas: 3, selector: { matchLabels: { app: "nats" } } },
      status: { observedGeneration: 2, updateRevision: "new" },
    });
    for (const name of names) {
      put(api, name, revision, ready);
      api.put(`${pod(name)}%3A8222/proxy/healthz`, { status: "ok" });
      api.put(`${pod(name)}%3A8222/proxy/varz`, { metadata: { accounts: "1" } });
      api.put(`${pod(name)}%3A8222/proxy/jsz`, { meta_cluster: { leader: "iad-1" } });
    }
    return api;
  }
  const inputs = (api: KubeApi, change: Partial<RolloutInputs> = {}): RolloutInputs => ({
    environment: "production",
    region: "iad",
    namespace: "nats",
    statefulSet: "iad",
    servers: 3,
    cluster: { kubeconfig: api.kubeconfig(), context: "nats-iad" },
    state,
    accounts: "1",
    parts: podParts(chartValues(regionOf(settings)), settings),
    release: "1",
    ...change,
  });
  const update = async (api: KubeApi, more = patience) =>
    rolloutProvider(more).update("", inputs(api), inputs(api, { release: "2" }));

  it("shows which pod is replaced and how many are done, the meta leader's last", async () => {
    const api = await region();
    assert.deepEqual(await said(() => update(api)), [
      "iad: replacing iad-2 (it is outdated; 3 to go)",
      "iad: iad-2 is replaced and current, 1 of 3",
      "iad: replacing iad-0 (it is outdated; 2 to go)",
      "iad: iad-0 is replaced and current, 2 of 3",
      "iad: replacing iad-1 (it is outdated; 1 to go)",
      "iad: iad-1 is replaced and current, 3 of 3",
    ]);
    assert.deepEqual(api.writes, ["delete iad-2 Background", "delete iad-0 Background", "delete iad-1 Background"]);
  });

  it("does nothing, and says nothing, where all pods are as wanted", async () => {
    const api = await region({ revision: "new" });
    assert.deepEqual([await said(() => update(api)), api.writes], [[], []]);
  });

  const reported: [string, There, RegExp][] = [
    [
      "a pod that no node takes",
      {
        status: {
          conditions: [
            { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available" },
          ],
        },
      },
      /iad-2 is not ready \(iad-2: Pending, Unschedulable: 0\/3 nodes are available\)/,
    ],
    [
      "a volume that is not mounted",
      { status: starting, events: [{ reason: "FailedMount", message: 'secret "nats-server" not found' }] },
      /\(iad-2: FailedMount: secret "nats-server" not found\)/,
    ],
    [
      "a probe that fails",
      { status: starting, events: [{ reason: "Unhealthy", message: "Startup probe failed: HTTP 503" }] },
      /\(iad-2: Unhealthy: Startup probe failed: HTTP 503\)/,
    ],
    [
      "an image that cannot be pulled",
      { status: waitingFor("ImagePullBackOff", "not found") },
      /\(iad-2: image nats:9\.9\.9 of container nats: ImagePullBackOff, not found\)/,
    ],
    [
      "a server that ends",
      {
        status: {
          ...starting,
          containerStatuses: [
            {
              name: "nats",
              ready: false,
              restartCount: 2,
              state: { waiting: { reason: "CrashLoopBackOff" } },
              lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
            },
          ],
        },
      },
      /\(iad-2: container nats exited with OOMKilled, exit code 137 \(CrashLoopBackOff\)\)/,
    ],
  ];
  for (const [what, there, reason] of reported)
    it(`shows at once why it waits: ${what}; and replaces no other pod`, async () => {
      const api = await region(there);
      let failure: Error | undefined;
      const lines = await said(() => update(api).catch((error: Error) => (failure = error)));
      assert.deepEqual(lines[0], "iad: replacing iad-2 (it is outdated; 3 to go)");
      assert.match(lines[1]!, /^iad: waiting for 0 s, /);
      assert.match(lines[1]!, reason);
      assert.equal(lines.length, 2, lines.join("\n"));
      assert.match(failure!.message, reason);
      assert.deepEqual(api.writes, ["delete iad-2 Background"]);
    });

  it("fails at once with what waiting does not fix, and says what to do", async () => {
    const api = await region({ status: waitingFor("InvalidImageName", 'couldn\'t parse image name "nats:a b"') });
    await assert.rejects(
      said(() => update(api, { ...patience, stuckMs: 3_600_000 })),
      (error: Error) => {
        assert.equal(
          error.message.replace(/for \d+ s/, "for 0 s"),
          'iad: iad-2: image nats:9.9.9 of container nats: InvalidImageName, couldn\'t parse image name "nats:a b", ' +
            "for 0 s, and waiting does not fix it: correct kubernetes.images, then run this again; it continues from " +
            "here. No other pod was replaced. See: kubectl --context nats-iad -n nats describe pods",
        );
        return true;
      },
    );
    assert.deepEqual(api.writes, ["delete iad-2 Background"]);
  });

  it("goes on after a run that left a pod which cannot start: the corrected one replaces it first", async () => {
    const api = await region();
    Object.assign(api.get(pod("iad-0")) as object, { status: waitingFor("ImagePullBackOff", "not found") });
    const lines = await said(() => update(api));
    assert.equal(lines[0], "iad: replacing iad-0 (it is outdated, and not ready; 3 to go)");
    assert.equal(lines.at(-1), "iad: iad-1 is replaced and current, 3 of 3");
  });

  it("reports why monitoring could not be read: which right is missing, and what the other way met", async () => {
    const api = await region();
    api.refuse(/portforward|proxy/);
    await assert.rejects(
      said(() => update(api)),
      (error: Error) => {
        assert.ok(
          error.message.startsWith(
            "iad: no server reports whether there is a meta leader, though 3 are ready: monitoring of iad-0 could " +
              "not be read: by port-forwarding, Unexpected server response: 403 (it needs the right " +
              "pods/portforward); by the API server's proxy, no, for ",
          ),
          error.message,
        );
        return true;
      },
    );
  });

  it("does not need the right to read events", async () => {
    const api = await region({ status: starting, advance: () => api.refuse(/\/events$/) });
    const lines = await said(() => update(api).catch(() => undefined));
    assert.equal(lines.length, 1, lines.join("\n"));
  });

  it("refuses at preview to skip a line that running servers cannot be skipped over", async () => {
    const api = await region();
    const running = { ...inputs(api), state: { ...state, version: "2.12.1-alpine" } };
    const { failures = [] } = await rolloutProvider(patience).check(running, inputs(api));
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["state"],
    );
    assert.match(failures[0]!.reason, /^2\.12\.1 cannot be replaced by 2\.15\.3 .* deploy 2\.14\.x first/);
  });

  it("reports at preview what it does, in a region that is there and in a new one", async () => {
    const api = await region({ revision: "new" });
    const larger = kubernetesEnvironment({ kubernetes: kubernetesSettings({ resources: { memory: "4GiB" } }) });
    const news = inputs(api, { release: "2", parts: podParts(chartValues(regionOf(larger)), larger) });
    const provider = rolloutProvider(patience);
    assert.deepEqual(await said(() => provider.check(inputs(api), news)), []);
    assert.deepEqual(await said(() => provider.diff("", inputs(api), news)), [
      "iad: kubernetes.resources changed: rolling restart of its 3 pods, one after another, " +
        "each when the previous one is current",
    ]);
    assert.deepEqual(await said(() => provider.check({}, news)), ["iad: new region: 3 pods start at the same time"]);
    assert.deepEqual(await said(() => provider.diff("", news, news)), []);
  });
});
