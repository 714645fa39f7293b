import assert from "node:assert/strict";
import { identityPushSpec, identityReadSpec, pushSecretSpec } from "../../../../components/supercluster/secret-store";
import { connectionSecrets, identitySecret } from "../../../../config/schema/secret-store";

const specOf = (settings: object) =>
  pushSecretSpec({
    environment: "production",
    region: "iad",
    secret: "nats-connections",
    logins: ["shop-api", "shop-worker"],
    settings: connectionSecrets.parse(settings),
  });

describe("what is pushed to a secret store", () => {
  it("is one secret a user, named as on AWS, and deleted with the user", () => {
    const match = (login: string) => ({
      match: { secretKey: login, remoteRef: { remoteKey: `production/iad/nats/${login}` } },
    });
    assert.deepEqual(specOf({ store: { name: "vault" } }), {
      refreshInterval: "5m0s",
      updatePolicy: "Replace",
      deletionPolicy: "Delete",
      secretStoreRefs: [{ name: "vault", kind: "ClusterSecretStore" }],
      selector: { secret: { name: "nats-connections" } },
      data: [match("shop-api"), match("shop-worker")],
    });
  });

  it("has names without slashes, another store and another interval where they are set", () => {
    const spec = specOf({ store: { name: "gcp", kind: "SecretStore" }, separator: "-", refreshInterval: "1d" });
    assert.equal(spec.refreshInterval, "24h0m0s", "Go has no days");
    assert.deepEqual(spec.secretStoreRefs, [{ name: "gcp", kind: "SecretStore" }]);
    assert.equal(spec.data[0]!.match.remoteRef.remoteKey, "production-iad-nats-shop-api");
  });

  for (const [interval, written] of [
    ["30s", "30s"],
    ["90s", "1m30s"],
    ["1h", "1h0m0s"],
    ["1500ms", "2s"],
  ])
    it(`is compared every ${interval}, in the form in which the operator writes it back`, () => {
      assert.equal(specOf({ store: { name: "vault" }, refreshInterval: interval }).refreshInterval, written);
    });

  it("is a field of the secret where the store needs one", () => {
    const [match] = specOf({ store: { name: "cluster" }, property: "nats" }).data;
    assert.deepEqual(match!.match.remoteRef, { remoteKey: "production/iad/nats/shop-api", property: "nats" });
  });
});

describe("the identity of a region in a secret store", () => {
  const settingsOf = (change: object) =>
    identitySecret.parse({ store: { name: "vault" }, cluster: { context: "management" }, ...change });

  for (const [change, key] of [
    [{}, { key: "production/iad/identity" }],
    [{ separator: "-" }, { key: "production-iad-identity" }],
    [
      { separator: "-", property: "identity" },
      { key: "production-iad-identity", property: "identity" },
    ],
  ] as const)
    it(`is read where it was written, with ${JSON.stringify(change)}`, () => {
      const settings = settingsOf(change);
      const [pushed] = identityPushSpec("production", "iad", settings).data;
      const [read] = identityReadSpec("production", "iad", settings).data;
      const { remoteKey, ...field } = pushed!.match.remoteRef;
      assert.deepEqual({ key: remoteKey, ...field }, key);
      assert.deepEqual(read, { secretKey: pushed!.match.secretKey, remoteRef: key });
    });
});
