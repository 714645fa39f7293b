import assert from "node:assert/strict";
import { pushSecretSpec } from "../../../../components/supercluster/push-secret";
import { connectionSecrets } from "../../../../config/schema/connection-secrets";

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
      refreshInterval: "300s",
      updatePolicy: "Replace",
      deletionPolicy: "Delete",
      secretStoreRefs: [{ name: "vault", kind: "ClusterSecretStore" }],
      selector: { secret: { name: "nats-connections" } },
      data: [match("shop-api"), match("shop-worker")],
    });
  });

  it("has names without slashes, another store and another interval where they are set", () => {
    const spec = specOf({ store: { name: "gcp", kind: "SecretStore" }, separator: "-", refreshInterval: "1d" });
    assert.equal(spec.refreshInterval, "86400s", "Go has no days");
    assert.deepEqual(spec.secretStoreRefs, [{ name: "gcp", kind: "SecretStore" }]);
    assert.equal(spec.data[0]!.match.remoteRef.remoteKey, "production-iad-nats-shop-api");
  });
});
