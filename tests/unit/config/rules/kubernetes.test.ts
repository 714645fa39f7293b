import assert from "node:assert/strict";
import { InvalidInput } from "../../../../config/problems";
import { validateDeployment } from "../../../../config/rules/validate";
import { tenants } from "../../../../tenants";
import { clusters, kubernetesEnvironment } from "../../../support/kubernetes";

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

  const longDomain = ["a", "b", "c", "d"].map((letter) => letter.repeat(59)).join(".") + "d";
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
      'environments.test.kubernetes.namespace: "nats-<regoin>" is not a name for a namespace; ' +
        "write at most 63 lower case letters, digits and dashes, no dash at an end; " +
        "only <region> may stand in angle brackets",
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

  it("let regions share a cluster, each in a namespace of its own", () => {
    assert.deepEqual(
      problemsOf({ kubernetes: { namespace: "nats-<region>", clusters: { ...clusters, ams: clusters.iad } } }),
      [],
    );
  });
});
