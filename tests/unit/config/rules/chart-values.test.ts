import assert from "node:assert/strict";
import { chartKeys, written } from "../../../../config/rules/chart-values";
import { InvalidInput } from "../../../../config/problems";
import { validateDeployment } from "../../../../config/rules/validate";
import { tenants } from "../../../../tenants";
import { clusters, kubernetesEnvironment } from "../../../support/kubernetes";

function problemsOf(change: object): string[] {
  const environment = { ...kubernetesEnvironment(), kubernetes: { clusters, ...change } };
  try {
    validateDeployment({ test: environment }, "test", tenants);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.problems.map(
      ({ path, message }) => `${path.replace("environments.test.kubernetes.", "")}: ${message}`,
    );
  }
}

describe("values of the chart that settings override", () => {
  it("may be what no other setting has, and nothing that has no effect", () =>
    assert.deepEqual(
      problemsOf({
        values: {
          config: { merge: { write_deadline: "30s" }, websocket: { enabled: true }, cluster: {} },
          container: { env: { TZ: "UTC" }, merge: { lifecycle: {} }, patch: [] },
          podTemplate: { merge: { spec: { dnsPolicy: "Default", hostAliases: [] } }, patch: [] },
          serviceAccount: { enabled: true },
          extraResources: [],
        },
      }),
      [],
    ));

  const refused: [string, object, string][] = [
    [
      "a key that the chart would ignore",
      { podTemplates: { merge: {} } },
      'values.podTemplates: is not a known key; did you mean "podTemplate"? Known: ',
    ],
    [
      "the size of the cluster",
      { config: { cluster: { replicas: 5 } } },
      "values.config.cluster.replicas: 5 may not override what is set already; " +
        "the supercluster's servers are configured by the environment's settings",
    ],
    [
      "a listener whose port the NetworkPolicy would not know",
      { config: { merge: { websocket: { port: 9222 } } } },
      "values.config.merge.websocket.port: 9222 may not override what is set already; write config.websocket",
    ],
    [
      "everything of a part",
      { config: null },
      "values.config: this may not override config.cluster; " +
        "the supercluster's servers are configured by the environment's settings",
    ],
    [
      "TLS of clients",
      { config: { nats: { tls: { enabled: false } } } },
      "values.config.nats.tls.enabled: false may not override what is set already; " +
        "certificates are those of the identity stack",
    ],
    [
      "accounts",
      { config: { merge: { accounts: { shop: { users: [] } } } } },
      "values.config.merge.accounts.shop.users: this may not override what is set already; " +
        "accounts and users are those of tenants/",
    ],
    [
      "a user without a login",
      { config: { merge: { no_auth_user: "api" } } },
      'values.config.merge.no_auth_user: "api" may not override what is set already; ' +
        "accounts and users are those of tenants/",
    ],
    [
      "the metadata that holds the fingerprint of accounts",
      { config: { merge: { server_metadata: { team: "messaging" } } } },
      'values.config.merge.server_metadata.team: "messaging" may not override what is set already; ' +
        "servers report by it which accounts are loaded, and every rollout waits for that",
    ],
    [
      "null, which Pulumi leaves out",
      { service: { merge: { spec: { ipFamilies: null } } } },
      "values.service.merge.spec.ipFamilies: null would be ignored, and the chart's default stay; " +
        "write another value, or remove it by a patch ({ op: remove }) where the chart has one",
    ],
    [
      "a list that has what this program needs",
      { podTemplate: { merge: { spec: { volumes: [] } } } },
      "values.podTemplate.merge.spec.volumes: this may not override what is set already; " +
        "Helm replaces whole lists, and this program needs what is in it; append by a patch",
    ],
    [
      "what has a setting",
      { podTemplate: { merge: { spec: { priorityClassName: "high" } } } },
      'values.podTemplate.merge.spec.priorityClassName: "high" may not override what is set already; ' +
        "write kubernetes.priorityClassName",
    ],
  ];
  for (const [what, values, problem] of refused)
    it(`may not be ${what}`, () => {
      const found = problemsOf({ values });
      assert.equal(found.length, 1, found.join("\n"));
      assert.ok(found[0]!.startsWith(problem), found[0]);
    });

  it("are all reported at once", () =>
    assert.deepEqual(
      problemsOf({
        values: { nameOverride: "x", reloader: { enabled: false }, container: { image: { tag: "1" } } },
      }).map((problem) => problem.split(":")[0]),
      ["values.nameOverride", "values.reloader.enabled", "values.container.image.tag"],
    ));

  it("are named by their paths", () => {
    assert.deepEqual(written({ a: { b: 1, c: {} }, d: null, e: [] }), [
      { path: ["a", "b"], value: 1 },
      { path: ["d"], value: null },
      { path: ["e"], value: [] },
    ]);
    assert.equal(new Set(chartKeys).size, chartKeys.length);
  });
});

describe("flags of the exporter", () => {
  it("may be added", () =>
    assert.deepEqual(problemsOf({ monitoring: { exporter: { arguments: ["-accstatz", "-ri=5"] } } }), []));

  it("may not be set a second time", () =>
    assert.deepEqual(problemsOf({ monitoring: { exporter: { arguments: ["-jsz=streams", "-port=1"] } } }), [
      'monitoring.exporter.arguments[0]: "-jsz=streams" is set by kubernetes.monitoring.exporter.jetstream; write that',
      'monitoring.exporter.arguments[1]: "-port=1" is set already, for the scraping of servers; remove it',
    ]));
});
