import assert from "node:assert/strict";
import { kubernetesWorkerRules } from "../../../../config/rules/kubernetes-workers";
import { kubernetes, problemsAfter, type Raw } from "../../../support/rule-cases";

const image = { repository: "example/workers", tag: "1.4.0" };
const at = "environments.test.kubernetes.workers";

/** The problems of a tenant with workers in an environment that runs them. */
const problemsOf = (change: (workers: Raw, environment: Raw, tenants: Raw) => void): string[] =>
  problemsAfter((tenant, environment, tenants) => {
    tenant.workers = { biller: {} };
    environment.kubernetes = { ...environment.kubernetes, workers: { image } };
    environment.servers = 3;
    change(environment.kubernetes.workers, environment, tenants);
  }, kubernetes());

const cases: [string, (workers: Raw, environment: Raw, tenants: Raw) => void, string][] = [
  [
    "a namespace that is the servers'",
    (workers, environment) => {
      environment.kubernetes.namespace = "shop";
      workers.namespace = "<tenant>";
    },
    `${at}.namespace: "<tenant>" gives the same namespace twice in one cluster (shop, shop, shop)`,
  ],
  [
    "regions of one cluster with one namespace",
    (_, environment) => {
      environment.kubernetes.namespace = "nats-<region>";
      environment.kubernetes.clusters = Object.fromEntries(
        Object.keys(environment.kubernetes.clusters).map((region) => [region, { context: "all" }]),
      );
      environment.kubernetes.volume = { storageClass: { existing: "standard" } };
    },
    `${at}.namespace: "workers-<tenant>" gives the same namespace twice in one cluster (workers-shop, workers-shop)`,
  ],
  [
    "a namespace that is too long",
    (workers) => (workers.namespace = `${"w".repeat(60)}-<tenant>`),
    `${at}.namespace: "${"w".repeat(60)}-<tenant>" gives names of more than 63 characters`,
  ],
  [
    "variables of an unknown tenant",
    (workers) => (workers.environment = { shpo: { SMTP_HOST: "x" } }),
    `${at}.environment.shpo: "shpo" is not a tenant; did you mean "shop"?`,
  ],
  [
    "variables of a tenant without workers",
    (workers, _, tenants) => {
      delete tenants.shop.workers;
      workers.environment = { shop: { SMTP_HOST: "x" } };
    },
    `${at}.environment.shop: "shop" declares no workers, so these variables would have no effect`,
  ],
  [
    "a namespace for all tenants",
    (workers) => (workers.namespace = "workers"),
    `${at}.namespace: "workers" would have the passwords of all tenants in one namespace; write <tenant> in it`,
  ],
  [
    "a misspelt placeholder",
    (workers) => (workers.namespace = "workers-<tennant>"),
    `${at}.namespace: "workers-<tennant>" has the unknown placeholder "<tennant>"; did you mean "<tenant>"?`,
  ],
  [
    "an image that nothing pins",
    (workers) => (workers.image = { repository: "example/workers" }),
    `${at}.image: has neither tag nor digest; write one`,
  ],
];

describe("rules about workers on Kubernetes", () => {
  for (const [what, change, expected] of cases)
    it(`find ${what}, and only that`, () => {
      const found = problemsOf(change);
      assert.equal(found.length, 1, found.join("\n"));
      assert.ok(found[0]!.startsWith(expected), found[0]);
    });

  it("are all tried here", () => assert.ok(cases.length >= kubernetesWorkerRules.length));

  it("find nothing in an environment that may run them", () =>
    assert.deepEqual(
      problemsOf((workers) =>
        Object.assign(workers, { scaling: { by: "keda" }, environment: { shop: { SMTP_HOST: "mail" } } }),
      ),
      [],
    ));
});
