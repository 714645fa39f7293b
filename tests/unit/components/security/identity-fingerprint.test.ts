import assert from "node:assert/strict";
import { identityFingerprint } from "../../../../components/security/identity-fingerprint";
import type { RegionIdentity } from "../../../../config/assets/region";

const identity: RegionIdentity = {
  clientCa: "client CA",
  peerCa: "peer CA",
  server: { cert: "certificate", key: "key" },
  peer: { cert: "certificate", key: "key" },
  jetstreamKey: "JetStream key",
  users: { "shop-api": { password: "password", hash: "hash" }, "shop-worker": { password: "other", hash: "hash" } },
};

describe("the fingerprint of an identity", () => {
  it("is that of its content, in whatever order a store keeps the fields", () => {
    const reversed = JSON.parse(JSON.stringify(identity), (_, value: unknown) =>
      typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).reverse()) : value,
    ) as RegionIdentity;
    assert.notEqual(JSON.stringify(reversed), JSON.stringify(identity));
    assert.equal(identityFingerprint(reversed), identityFingerprint(identity));
  });

  it("is another one for every change", () => {
    const changes: RegionIdentity[] = [
      { ...identity, clientCa: "another" },
      { ...identity, peer: identity.server, server: { ...identity.server, key: "another" } },
      { ...identity, users: { ...identity.users, "shop-api": { password: "another", hash: "hash" } } },
      { ...identity, users: { "shop-api": identity.users["shop-api"]! } },
    ];
    const all = [identity, ...changes].map(identityFingerprint);
    assert.equal(new Set(all).size, all.length);
  });
});
