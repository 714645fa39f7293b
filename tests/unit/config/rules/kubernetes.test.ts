import assert from "node:assert/strict";
import { InvalidInput } from "../../../../config/problems";
import { validateDeployment } from "../../../../config/rules/validate";
import { tenants } from "../../../../tenants";
import { storageClassName } from "../../../../config/topology";
import { clusters, kubernetesEnvironment, kubernetesSettings } from "../../../support/kubernetes";

/** The problems of an environment on Kubernetes, after a change. */
function problemsOf(change: object): string[] {
  try {
    validateDeployment({ test: { ...kubernetesEnvironment(), ...change } }, "test", tenants);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe("settings of Kubernetes", () => {
  it("have defaults for everything but the clusters", () => {
    assert.deepEqual(problemsOf({ kubernetes: { clusters } }), []);
    assert.deepEqual(
      problemsOf({ kubernetes: {} }).map((problem) => problem.split(":")[0]),
      ["iad", "ams", "syd"].map((region) => `environments.test.kubernetes.clusters.${region}`),
    );
    assert.equal(
      problemsOf({ kubernetes: {} })[0],
      "environments.test.kubernetes.clusters.iad: is missing: region iad has no cluster; " +
        'write { context: "<context of your kubeconfig>" }',
    );
  });

  const identitySecret = { store: { name: "vault" }, cluster: { context: "management" } };
  const longDomain = ["a", "b", "c", "d"].map((letter) => letter.repeat(59)).join(".") + "d";
  const longNamespace = `${"n".repeat(60)}<region>`;
  const wrong: [string, object, string][] = [
    [
      "a URL as the domain",
      { domain: "https://nats.example.com" },
      'environments.test.domain: "https://nats.example.com" is not a DNS name; write "nats.example.com"',
    ],
    [
      "a wildcard as the domain",
      { domain: "*.example.com" },
      'environments.test.domain: "*.example.com" is not a DNS name; write "example.com"',
    ],
    [
      "a domain that makes host names too long",
      { domain: longDomain },
      `environments.test.domain: "${longDomain}" is too long: gateway-0.iad.${longDomain} has 254 characters, ` +
        "and host names have at most 253; write a shorter one",
    ],
    [
      "a namespace that is none",
      { kubernetes: { clusters, namespace: "nats-<regoin>" } },
      'environments.test.kubernetes.namespace: "nats-<regoin>" has the unknown placeholder "<regoin>"; ' +
        'did you mean "<region>"? Known: <region>',
    ],
    [
      "a namespace that is too long in one region",
      {
        kubernetes: { clusters: { ...clusters, frankfurt: { context: "nats-fra" } }, namespace: longNamespace },
        regions: ["iad", "ams", "syd", "frankfurt"],
      },
      `environments.test.kubernetes.namespace: "${longNamespace}" is too long: ${"n".repeat(60)}frankfurt has ` +
        "more than 63 characters; write a shorter one",
    ],
    [
      "a tag of an old server",
      { kubernetes: { clusters, images: { nats: { tag: "2.9.0-alpine" } } } },
      'environments.test.kubernetes.images.nats.tag: "2.9.0-alpine" is not a supported version of nats-server; ' +
        "write one from 2.12.1 to before 2.16.0",
    ],
    [
      "a CPU limit below the request",
      { kubernetes: { clusters, resources: { cpu: "2", cpuLimit: "1500m" } } },
      'environments.test.kubernetes.resources.cpuLimit: "1500m" is less than cpu, "2", and Kubernetes refuses pods ' +
        "whose limit is below their request; write as much or more, or leave it out",
    ],
    [
      "a CPU request of a sidecar above its limit",
      { kubernetes: { clusters, containers: { exporter: { cpu: "1" } } } },
      'environments.test.kubernetes.containers.exporter.cpuLimit: "500m" is less than cpu, "1", and Kubernetes ' +
        "refuses pods whose limit is below their request; write as much or more, or leave it out",
    ],
    [
      "load balancers that everyone on the internet reaches",
      { kubernetes: { clusters, loadBalancers: { public: true } } },
      "environments.test.kubernetes.loadBalancers.public: " +
        "true without sourceRanges lets everyone on the internet connect; " +
        'write who may in sourceRanges, e.g. ["203.0.113.0/24"], or ["0.0.0.0/0"] for everyone',
    ],
    [
      "limits of connections without a NetworkPolicy",
      { kubernetes: { clusters, networkPolicy: { enabled: false, clients: { namespaces: ["shop"] } } } },
      "environments.test.kubernetes.networkPolicy.enabled: false makes no NetworkPolicy, so clients.namespaces would " +
        "limit nothing; remove one",
    ],
    [
      "a namespace of clients that cannot be one",
      { kubernetes: { clusters, networkPolicy: { clients: { namespaces: ["Shop"] } } } },
      'environments.test.kubernetes.networkPolicy.clients.namespaces[0]: "Shop" is not a name of a namespace; ' +
        "write at most 63 lower case letters, digits and dashes, no dash at an end",
    ],
    [
      "an address without its range",
      { kubernetes: { clusters, networkPolicy: { gateways: { sourceRanges: ["203.0.113.7"] } } } },
      'environments.test.kubernetes.networkPolicy.gateways.sourceRanges[0]: "203.0.113.7": ' +
        'write an IPv4 range, e.g. "10.0.0.0/8"',
    ],
    [
      "a secret store of no kind",
      { kubernetes: { clusters, connectionSecrets: { store: { name: "vault", kind: "ClusterStore" } } } },
      'environments.test.kubernetes.connectionSecrets.store.kind: "ClusterStore": ' +
        'expected one of "ClusterSecretStore"|"SecretStore"',
    ],
    [
      "keys by a secret store and by one of AWS",
      {
        kubernetes: { clusters, identitySecret },
        aws: { regions: { ams: { region: "eu-central-1", account: "123456789012", identitySecret: {} } } },
      },
      "environments.test.kubernetes.identitySecret: is for all regions, and aws.regions.<region>.identitySecret is " +
        "written for ams; remove one",
    ],
    [
      "the namespace of servers for the identity stack",
      { kubernetes: { clusters, identitySecret: { ...identitySecret, namespace: "nats" } } },
      'environments.test.kubernetes.identitySecret.namespace: "nats" is the namespace of a region\'s servers, and ' +
        'the identity stack needs one for itself; write another, e.g. "nats-identity"',
    ],
    [
      "a secret store of keys without a cluster to write in",
      { kubernetes: { clusters, identitySecret: { store: { name: "vault" } } } },
      "environments.test.kubernetes.identitySecret.cluster: is missing; expected object",
    ],
    [
      "a cluster of no region",
      { kubernetes: { clusters: { ...clusters, fra: { context: "nats-fra" } } } },
      'environments.test.kubernetes.clusters.fra: "fra" is not a region of the environment; known: iad, ams, syd',
    ],
    [
      "a misspelt region of a cluster, and not that the region has none",
      { kubernetes: { clusters: { iad: clusters.iad, ams: clusters.ams, sid: clusters.syd } } },
      'environments.test.kubernetes.clusters.sid: "sid" is not a region of the environment; ' +
        'did you mean "syd"? Known: iad, ams, syd',
    ],
    [
      "a misspelt region, and not what names the right one",
      { regions: ["iad", "ams", "sdy"] },
      'environments.test.regions[2]: "sdy" is named nowhere else, and "syd" is, which is not a region ' +
        "(environments.test.kubernetes.clusters.syd); write the same name in both. " +
        "To remove a region, remove its streams and mirrors first (docs/runbooks/remove-a-region.md)",
    ],
    [
      "a misspelt region of AWS, and not that the region has no zone",
      {
        aws: {
          regions: Object.fromEntries(
            ["iab", "ams", "syd"].map((name) => [
              name,
              { region: "us-east-1", account: "123456789012", hostedZone: "Z0123456789" },
            ]),
          ),
        },
        kubernetes: { clusters, loadBalancers: { dns: "route53" } },
      },
      'environments.test.aws.regions.iab: "iab" is not a region of the environment; ' +
        'did you mean "iad"? Known: iad, ams, syd',
    ],
    [
      "a storage class that two regions would create in one cluster",
      {
        kubernetes: {
          clusters: { ...clusters, ams: clusters.iad },
          namespace: "nats-<region>",
          volume: { storageClass: { name: "nats" } },
        },
      },
      'environments.test.kubernetes.volume.storageClass: "nats" would be created by the stacks of several regions in ' +
        'the same cluster, and the first one owns it; write { name: "nats-<region>" }',
    ],
    [
      "metrics that are read all the time",
      { kubernetes: { clusters, monitoring: { interval: "500us" } } },
      'environments.test.kubernetes.monitoring.interval: "500us" is too short to read servers in; write "1s" or more',
    ],
    [
      "files that fill the disk",
      { storage: { file: "98GiB", memory: "1GiB" }, kubernetes: { clusters } },
      'environments.test.storage.file: "98GiB" does not fit into kubernetes.volume.size "100GiB": ' +
        "a formatted volume holds 5% less, and a full one stops the server; write at most 97280MiB",
    ],
    [
      "files that fill the disk of one region",
      { kubernetes: { clusters }, byRegion: { syd: { storage: { file: "200GiB" } }, ams: { servers: 5 } } },
      'environments.test.byRegion.syd.storage.file: "200GiB" does not fit into kubernetes.volume.size "100GiB": ' +
        "a formatted volume holds 5% less, and a full one stops the server; write at most 97280MiB",
    ],
    [
      "a CPU limit below the request of one region",
      { kubernetes: { clusters }, byRegion: { syd: { kubernetes: { resources: { cpuLimit: "250m" } } } } },
      'environments.test.byRegion.syd.kubernetes.resources.cpuLimit: "250m" is less than cpu, "500m", and Kubernetes ' +
        "refuses pods whose limit is below their request; write as much or more, or leave it out",
    ],
    [
      "a memory store without room for the server",
      { kubernetes: { clusters, resources: { memory: "1GiB" } } },
      'environments.test.storage.memory: "1GiB" and 512MiB for the server itself are more than ' +
        'kubernetes.resources.memory "1GiB"; raise that, or write less',
    ],
    [
      "two regions in one namespace",
      { kubernetes: { clusters: { ...clusters, ams: clusters.iad } } },
      'environments.test.regions: two of them are in the same cluster and the same namespace "nats"; ' +
        'write kubernetes.namespace: "nats-<region>"',
    ],
    [
      "a region of AWS that is to be reached by a context",
      {
        aws: { regions: { iad: { region: "us-east-1", account: "123456789012", cluster: { name: "nats" } } } },
        kubernetes: { access: "portForward", clusters: { ams: clusters.ams, syd: clusters.syd } },
      },
      "environments.test.kubernetes.clusters.iad: " +
        'is missing, and kubernetes.access "portForward" needs a kubeconfig\'s context; ' +
        'write { context: ... } instead of aws.regions.iad.cluster, or access: "loadBalancer"',
    ],
  ];
  for (const [what, change, problem] of wrong)
    it(`refuse ${what}`, () => assert.deepEqual(problemsOf(change), [problem]));

  it("refuse a region that cannot be a part of host names", () => {
    const [problem] = problemsOf({
      regions: ["iad", "syd-"],
      kubernetes: { clusters: { ...clusters, "syd-": clusters.syd } },
    });
    assert.equal(
      problem,
      'environments.test.regions[1]: "syd-" is a part of host names and the name of a StatefulSet; ' +
        "write at most 52 lower case letters, digits and dashes, no dash at the end",
    );
  });

  it("let regions that share a cluster create a storage class each", () => {
    const kubernetes = {
      clusters: { ...clusters, ams: clusters.iad },
      namespace: "nats-<region>",
      volume: { storageClass: { name: "nats.<region>" } },
    };
    assert.deepEqual(problemsOf({ kubernetes }), []);
    const environment = kubernetesEnvironment({ kubernetes: kubernetesSettings(kubernetes) });
    assert.equal(storageClassName(environment, "ams"), "nats.ams");
  });

  it("report every mistake of form at once", () => {
    const kubernetes = {
      clusters: { ...clusters, iad: { context: "nats-iad", kubeconfig: "$HOME/.kube/config" } },
      namespace: "nats-<regoin>",
      chart: { path: "~/charts/nats", version: "latest" },
      images: { registry: "https://mirror", nats: { repository: "NATS", tag: "2.14 alpine" }, pullSecrets: ["a_b"] },
      resources: { cpu: "0", cpuLimit: "0.0005" },
      volume: { storageClass: { existing: "my_class" } },
      serverTags: { az: "a b" },
      loadBalancers: { annotations: { "a b": "", c: "nats-<regoin>" }, sourceRanges: ["office"] },
      monitoring: {
        labels: { "a/b/c": "fine", team: "-" },
        exporter: { jetstream: "consumers", arguments: ["connz_detailed"] },
      },
      topologyKeys: { host: "host name" },
      nodeSelector: { "node pool": "nats" },
      tolerations: [{ operator: "Equal" }, { key: "nats", effect: "NoSchedule", tolerationSeconds: 30 }],
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {} }] } },
      priorityClassName: "High",
      labels: {
        all: { "supercluster/region": "x" },
        pods: { team: "a b" },
        services: { "app.kubernetes.io/name": "x" },
      },
      annotations: { all: { "meta.helm.sh/release-name": "x" }, pods: { "a b": "x" }, services: { c: "<regoin>" } },
    };
    assert.deepEqual(
      problemsOf({ domain: ">", kubernetes }).map((problem) =>
        problem.split(": ")[0]!.replace("environments.test.", ""),
      ),
      [
        "domain",
        "kubernetes.namespace",
        "kubernetes.chart.version",
        "kubernetes.chart.path",
        "kubernetes.images.registry",
        "kubernetes.images.pullSecrets[0]",
        "kubernetes.images.nats.repository",
        "kubernetes.images.nats.tag",
        "kubernetes.resources.cpu",
        "kubernetes.resources.cpuLimit",
        "kubernetes.volume.storageClass.existing",
        "kubernetes.topologyKeys.host",
        'kubernetes.nodeSelector["node pool"]',
        "kubernetes.tolerations[0].operator",
        "kubernetes.tolerations[1].tolerationSeconds",
        "kubernetes.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey",
        "kubernetes.priorityClassName",
        'kubernetes.labels.all["supercluster/region"]',
        "kubernetes.labels.pods.team",
        'kubernetes.labels.services["app.kubernetes.io/name"]',
        'kubernetes.annotations.all["meta.helm.sh/release-name"]',
        'kubernetes.annotations.pods["a b"]',
        "kubernetes.annotations.services.c",
        "kubernetes.serverTags.az",
        "kubernetes.loadBalancers.sourceRanges[0]",
        'kubernetes.loadBalancers.annotations["a b"]',
        "kubernetes.loadBalancers.annotations.c",
        'kubernetes.monitoring.labels["a/b/c"]',
        "kubernetes.monitoring.labels.team",
        "kubernetes.monitoring.exporter.jetstream",
        "kubernetes.monitoring.exporter.arguments[0]",
        "kubernetes.clusters.iad.kubeconfig",
      ],
    );
  });

  it("accept names with dots where Kubernetes does, and the tag of a server with a digest", () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const images = { pullSecrets: ["mirror.example.com"], nats: { tag: "2.9.0", digest } };
    const kubernetes = { clusters, images, volume: { storageClass: { existing: "gp3.encrypted" } } };
    assert.deepEqual(problemsOf({ kubernetes }), []);
  });

  it("let regions share a cluster, each in a namespace of its own", () => {
    assert.deepEqual(
      problemsOf({ kubernetes: { namespace: "nats-<region>", clusters: { ...clusters, ams: clusters.iad } } }),
      [],
    );
  });
});
