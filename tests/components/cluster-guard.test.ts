import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { kubernetesSettings } from "../support/kubernetes";
import { guardProvider, type GuardInputs } from "../../components/supercluster/provider/guard-provider";
import { rolloutProvider, type RolloutInputs } from "../../components/supercluster/provider/rollout-provider";
import { KubeApi } from "../support/kube-api";
import { waitMs } from "../support/limits";
import { said } from "../support/said";

const provider = guardProvider(50);
const labels = { "supercluster/environment": "production", "supercluster/region": "iad" };

describe("the guard of a region's cluster, against an API server that says what it is told to", () => {
  const apis: KubeApi[] = [];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "charts-"));
  const chart = kubernetesSettings({ chart: { path: path.join(folder, "nats") } }).chart;
  before(() => writeChart("nats", chart.version));
  afterEach(() => apis.splice(0).forEach((api) => api.stop()));
  after(() => fs.rmSync(folder, { recursive: true }));

  function writeChart(name: string, version: string, at = "nats"): string {
    const to = path.join(folder, at);
    fs.mkdirSync(to, { recursive: true });
    fs.writeFileSync(path.join(to, "Chart.yaml"), `name: ${name}\nversion: ${version}\n`);
    return to;
  }

  interface What {
    regions?: string;
    namespace?: object;
    nodes?: { region: string; providerID?: string }[];
  }
  async function cluster({ regions, namespace, nodes = [] }: What = {}): Promise<KubeApi> {
    const api = await KubeApi.start();
    apis.push(api);
    api.put("/api/v1/namespaces/kube-system", {
      metadata: { uid: "this-cluster", annotations: regions === undefined ? {} : { "supercluster/regions": regions } },
    });
    if (namespace) api.put("/api/v1/namespaces/nats", { metadata: { labels: namespace } });
    api.put("/apis/storage.k8s.io/v1/storageclasses/gp3", {});
    api.put("/apis/external-secrets.io/v1alpha1", { resources: [{ kind: "PushSecret" }] });
    nodes.forEach(({ region, providerID = "aws:///us-east-1a/i-0" }, index) =>
      api.put(`/api/v1/nodes/n${index}`, {
        metadata: { labels: { "topology.kubernetes.io/region": region } },
        spec: { providerID },
      }),
    );
    return api;
  }
  const inputs = (api: KubeApi, change: Partial<GuardInputs> = {}): GuardInputs => ({
    environment: "production",
    region: "iad",
    namespace: "nats",
    cluster: { kubeconfig: api.kubeconfig(), context: "nats-iad" },
    chart,
    storageClass: "gp3",
    ...change,
  });
  const reasons = async (wanted: GuardInputs, olds: Partial<GuardInputs> = {}) =>
    (await provider.check(olds, wanted)).failures!.map(({ property, reason }) => `${property}: ${reason}`);

  const passing: [string, What, Partial<GuardInputs>][] = [
    ["an empty cluster that says nothing", {}, {}],
    ["a namespace with its labels", { namespace: labels }, {}],
    ["a cluster that names it among others", { regions: "staging/iad, production/iad,production/ams" }, {}],
    ["nodes in its region of AWS", { nodes: [{ region: "us-east-1" }] }, { awsRegion: "us-east-1" }],
    [
      "nodes that are not on AWS, whatever their region is called",
      { nodes: [{ region: "us-east4", providerID: "gce://p/us-east4-a/n" }] },
      { awsRegion: "us-east-1" },
    ],
    ["an operator that is installed", {}, { kinds: ["external-secrets.io/v1alpha1/PushSecret"] }],
    ["a storage class that is still to be made", {}, { storageClass: undefined }],
    ["the cluster that it was deployed to", {}, { clusterId: "this-cluster" }],
    ["another cluster than before, which names it", { regions: "production/iad" }, { clusterId: "that-cluster" }],
  ];
  for (const [what, there, { clusterId, ...change }] of passing) {
    it(`lets pass: ${what}`, async () => {
      const wanted = inputs(await cluster(there), change);
      assert.deepEqual(await reasons(wanted, { clusterId }), []);
      assert.equal((await provider.create(wanted)).outs!.clusterId, "this-cluster");
    });
  }

  const another = "is the right cluster named (kubernetes.clusters.<region>.context, or aws.regions.<region>.cluster)?";
  const refused: [string, What, Partial<GuardInputs>, string][] = [
    [
      "a cluster that is for other regions",
      { regions: "production/ams,production/syd" },
      {},
      "region: this cluster is for production/ams, production/syd, not for production/iad: " +
        `${another} If it is: kubectl --context nats-iad annotate --overwrite namespace kube-system ` +
        "supercluster/regions=production/ams,production/syd,production/iad",
    ],
    [
      "the same region of another environment",
      { namespace: { ...labels, "supercluster/environment": "staging" } },
      {},
      `namespace: namespace nats in this cluster is that of staging/iad, not of production/iad: ${another}`,
    ],
    [
      "another region's namespace",
      { namespace: { ...labels, "supercluster/region": "ams" } },
      {},
      `namespace: namespace nats in this cluster is that of production/ams, not of production/iad: ${another}`,
    ],
    [
      "a namespace that is no region's",
      { namespace: { team: "billing" } },
      {},
      `namespace: namespace nats exists and belongs to no region: ${another} If it is meant for production/iad: ` +
        "kubectl --context nats-iad label namespace nats supercluster/environment=production " +
        "supercluster/region=iad",
    ],
    [
      "nodes in another region of AWS",
      { nodes: [{ region: "eu-west-1" }, { region: "eu-west-1" }] },
      { awsRegion: "us-east-1" },
      "region: its nodes are in eu-west-1 (label topology.kubernetes.io/region), " +
        `and aws.regions.<region>.region says us-east-1: ${another}`,
    ],
    [
      "another cluster than it was deployed to",
      {},
      { clusterId: "that-cluster" },
      "region: production/iad was deployed to another cluster (that-cluster) than this one (this-cluster): " +
        `${another} If the cluster was recreated: kubectl --context nats-iad annotate namespace kube-system ` +
        "supercluster/regions=production/iad; then pulumi up --refresh",
    ],
    [
      "a storage class that is not there",
      {},
      { storageClass: "io2" },
      'storageClass: there is no storage class "io2" in this cluster, only gp3; ' +
        "name one of them in kubernetes.volume.storageClass.existing, or write { name: io2 } to create it",
    ],
    [
      "an operator that is not installed",
      {},
      { kinds: ["external-secrets.io/v1alpha1/PushSecret", "monitoring.coreos.com/v1/PodMonitor"] },
      "kinds: this cluster does not know monitoring.coreos.com/v1/PodMonitor: install the operator that brings it " +
        "first, or remove the setting that uses it (kubernetes.connectionSecrets, kubernetes.identitySecret, " +
        "kubernetes.monitoring.podMonitor, kubernetes.monitoring.prometheusRule)",
    ],
  ];
  for (const [what, there, { clusterId, ...change }, reason] of refused) {
    it(`refuses, with what to do: ${what}`, async () => {
      const wanted = inputs(await cluster(there), change);
      assert.deepEqual(await reasons(wanted, { clusterId }), [reason]);
      const text = reason.slice(reason.indexOf(": ") + 2);
      const write = clusterId ? provider.update("", { ...wanted, clusterId }, wanted) : provider.create(wanted);
      await assert.rejects(write, { message: `iad: ${text}. Nothing was written` });
    });
  }

  describe("where it is to be deleted", () => {
    const rollout = (api: KubeApi) => ({ ...inputs(api), statefulSet: "iad" }) as unknown as RolloutInputs;

    it("lets its own go, and what is gone", async () => {
      await rolloutProvider().delete("", rollout(await cluster({ namespace: labels })));
      await rolloutProvider().delete("", rollout(await cluster()));
    });

    it("refuses another's namespace and cluster", async () => {
      const staging = { ...labels, "supercluster/environment": "staging" };
      await assert.rejects(
        rolloutProvider().delete("", rollout(await cluster({ namespace: staging }))),
        /^Error: iad: namespace nats in this cluster is that of staging\/iad, not of production\/iad: .*\. Nothing was deleted$/,
      );
      await assert.rejects(
        rolloutProvider().delete("", rollout(await cluster({ regions: "staging/iad" }))),
        /this cluster is for staging\/iad, not for production\/iad/,
      );
    });

    it("leaves the check of a cluster that does not answer to the deletion", async () => {
      const api = await cluster();
      api.stop();
      const lines = await said(() => rolloutProvider().delete("", rollout(api)));
      assert.match(
        lines.join(),
        /^warning SC1102: iad: its Kubernetes cluster cannot be reached, so it was not checked: connect ECONNREFUSED/,
      );
    });
  });

  it("reports all mistakes at once", async () => {
    const wanted = inputs(await cluster({ regions: "production/ams", namespace: {} }), { storageClass: "io2" });
    assert.equal((await reasons(wanted)).length, 3);
  });

  it("warns at a preview without the cluster; at `up` that is an error, within its deadline", async () => {
    const api = await cluster();
    const wanted = inputs(api);
    api.stop();
    const lines = await said(async () => assert.deepEqual(await reasons(wanted), []));
    assert.match(
      lines.join(),
      /^warning SC1101: iad: its Kubernetes cluster cannot be reached, so only `up` checks that it is the right one: connect ECONNREFUSED/,
    );
    assert.equal((await provider.diff("", wanted, wanted)).changes, true);
    const since = Date.now();
    await assert.rejects(
      provider.create(wanted),
      /^Error: iad: its Kubernetes cluster could not be reached: connect ECONNREFUSED .*\. See: kubectl --context nats-iad get namespaces\. Nothing was written$/,
    );
    assert.ok(Date.now() - since < waitMs);
  });

  it("keeps what it knows of the cluster over a preview without it", async () => {
    const api = await cluster();
    const wanted = inputs(api);
    const { inputs: first } = await provider.check({}, wanted);
    assert.equal(first!.clusterId, "this-cluster");
    assert.equal((await provider.diff("", first!, first!)).changes, undefined);
    api.stop();
    await said(async () => assert.deepEqual((await provider.check(first!, wanted)).inputs, first));
  });

  it("asks no cluster that is still to be made", async () => {
    const wanted = { ...inputs(await cluster()), cluster: unknownValue as unknown as GuardInputs["cluster"] };
    assert.deepEqual(await said(async () => assert.deepEqual(await reasons(wanted), [])), []);
  });

  const unusable: [string, (api: KubeApi) => GuardInputs["cluster"], RegExp][] = [
    [
      "a context that is not there",
      (api) => ({ kubeconfig: api.kubeconfig("nats-ams"), context: "nats-iad" }),
      /the kubeconfig has no context "nats-iad"; its contexts are nats-ams; name the file in KUBECONFIG or kubernetes\.clusters\.<region>\.kubeconfig/,
    ],
    [
      "a file that is not there",
      () => ({ kubeconfig: "/nowhere/config", context: "nats-iad" }),
      /the kubeconfig could not be read: ENOENT.*\/nowhere\/config'; name the file in KUBECONFIG/,
    ],
    [
      "a context that names no cluster",
      (api) => ({
        kubeconfig: api.kubeconfig().replace('{"cluster":"here"', '{"cluster":"gone"'),
        context: "nats-iad",
      }),
      /context "nats-iad" of the kubeconfig names no cluster; see: kubectl config view/,
    ],
  ];
  for (const [what, access, message] of unusable) {
    it(`reports at once what is wrong with ${what}; a preview continues`, async () => {
      const wanted = inputs(await cluster(), {});
      wanted.cluster = access(apis[0]!);
      const lines = await said(async () => assert.deepEqual(await reasons(wanted), []));
      assert.match(lines.join(), message);
      await assert.rejects(guardProvider(60_000).create(wanted), message);
    });
  }

  it("finds a kubeconfig in the user's home by ~, as Pulumi's provider does", async () => {
    const wanted = inputs(await cluster(), {});
    const { HOME } = process.env;
    try {
      process.env.HOME = folder;
      fs.mkdirSync(path.join(folder, ".kube"), { recursive: true });
      fs.writeFileSync(path.join(folder, ".kube", "nats"), apis[0]!.kubeconfig());
      wanted.cluster = { kubeconfig: "~/.kube/nats", context: "nats-iad" };
      assert.deepEqual(await said(async () => assert.deepEqual(await reasons(wanted), [])), []);
    } finally {
      process.env.HOME = HOME;
    }
  });

  it("reports a missing kubeconfig", async () => {
    const { KUBECONFIG, HOME } = process.env;
    const wanted = inputs(await cluster(), { cluster: { context: "nats-iad" } });
    try {
      delete process.env.KUBECONFIG;
      process.env.HOME = folder;
      await assert.rejects(
        provider.create(wanted),
        /the kubeconfig has no context "nats-iad"; its contexts are none; name the file in KUBECONFIG/,
      );
    } finally {
      if (KUBECONFIG !== undefined) process.env.KUBECONFIG = KUBECONFIG;
      process.env.HOME = HOME;
    }
  });

  describe("looks at the chart", () => {
    const howToGetIt = `helm pull nats --repo ${chart.repository} --version ${chart.version} --untar`;

    it("takes it as a folder or as an archive", async () => {
      const archive = path.join(folder, "nats.tgz");
      execFileSync("tar", ["-czf", archive, "-C", folder, "nats"]);
      const api = await cluster();
      for (const at of [path.join(folder, "nats"), archive])
        assert.deepEqual(await reasons(inputs(api, { chart: { ...chart, path: at } })), []);
    });

    const wrong: [string, () => string, string][] = [
      ["is not there", () => "charts/nowhere", "kubernetes.chart.path: no chart was found in charts/nowhere"],
      [
        "is of another version",
        () => writeChart("nats", "1.0.0", "old"),
        `kubernetes.chart.path: ${path.join(folder, "old")} is version 1.0.0, ` +
          `but kubernetes.chart.version pins ${chart.version}`,
      ],
      [
        "is another",
        () => writeChart("redis", chart.version, "redis"),
        `kubernetes.chart.path: ${path.join(folder, "redis")} is the chart "redis", not "nats"`,
      ],
    ];
    for (const [what, make, reason] of wrong) {
      it(`and refuses one that ${what}`, async () => {
        const wanted = inputs(await cluster(), { chart: { ...chart, path: make() } });
        const [found, ...others] = await reasons(wanted);
        assert.deepEqual(
          [found!.startsWith(`chart: ${reason}; get`), found!.endsWith(howToGetIt), others],
          [true, true, []],
          found,
        );
        await assert.rejects(provider.create(wanted), (error: Error) => error.message.startsWith(`iad: ${reason}`));
      });
    }

    it("and fails at `up` when its repository does not answer, for a new chart and without a proxy", async () => {
      const repository = createServer((request, response) =>
        response.writeHead(request.url === "/charts/index.yaml" ? 200 : 404).end(),
      );
      await new Promise<void>((resolve) => repository.listen(0, "127.0.0.1", resolve));
      const url = `http://127.0.0.1:${(repository.address() as AddressInfo).port}`;
      const from = (address: string) => ({ version: chart.version, repository: address });
      const api = await cluster();
      await provider.create(inputs(api, { chart: from(`${url}/charts`) }));
      const notFound = inputs(api, { chart: from(`${url}/other/`) });
      await assert.rejects(
        provider.create(notFound),
        /chart repository .*\/other\/ could not be reached \(status 404\): set another one in kubernetes\.chart\.repository, or a local copy in kubernetes\.chart\.path: helm pull/,
      );
      repository.closeAllConnections();
      await new Promise((resolve) => repository.close(resolve));
      const gone = inputs(api, { chart: from(`${url}/charts`) });
      await assert.rejects(provider.create(gone), /could not be reached \(connect ECONNREFUSED/);
      await provider.update("", gone, gone);
      process.env.HTTPS_PROXY = "http://127.0.0.1:1";
      try {
        await provider.create(gone);
      } finally {
        delete process.env.HTTPS_PROXY;
      }
    });
  });
});
