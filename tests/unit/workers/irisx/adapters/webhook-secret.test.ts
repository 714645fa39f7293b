import assert from "node:assert/strict";
import { Webhook } from "standardwebhooks";
import { webhookSecret } from "../../../../../workers/irisx/adapters/webhook-secret";

const keys = [1, 2].map((byte) => Buffer.alloc(32, byte).toString("base64"));

describe("secret of webhooks", () => {
  it("is the same for the same key and tenant, and another one for every other", () => {
    const secrets = keys.flatMap((key) => ["acme", "umbrella"].map((tenant) => webhookSecret(key, tenant)));
    assert.equal(new Set(secrets).size, 4);
    assert.equal(webhookSecret(keys[0]!, "acme"), secrets[0]);
    for (const secret of secrets) assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  });

  it("verifies what it signed, by the library of Standard Webhooks", () => {
    const signature = new Webhook(webhookSecret(keys[0]!, "acme"));
    const now = new Date();
    const headers = {
      "webhook-id": "1",
      "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
      "webhook-signature": signature.sign("1", now, "{}"),
    };
    assert.deepEqual(signature.verify("{}", headers), {});
    assert.throws(
      () => new Webhook(webhookSecret(keys[0]!, "umbrella")).verify("{}", headers),
      /No matching signature/,
    );
  });

  it("is never changed by an update: receivers have it", () => {
    assert.equal(webhookSecret(keys[0]!, "acme"), "whsec_L20jL4pEUp2vW7W2IkLBz/wi+h+RCJfDiODVt57oh7Q=");
  });
});
