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

  const wrong: [string, object, string][] = [
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

  it("let regions share a cluster, each in a namespace of its own", () => {
    assert.deepEqual(
      problemsOf({ kubernetes: { namespace: "nats-<region>", clusters: { ...clusters, ams: clusters.iad } } }),
      [],
    );
  });
});
