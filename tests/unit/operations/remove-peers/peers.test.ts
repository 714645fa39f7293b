import assert from "node:assert/strict";
import { peerId } from "../../../../jetstream/peer-id";
import { peersAmong, possibleServers } from "../../../../operations/remove-peers/peers";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { checksOf } from "../../../../operations/verify/checks";
import { localEnvironment } from "../../../support/accounts";

describe("the peers of a region that left", () => {
  const snapshot: Snapshot = {
    servers: {},
    streams: {},
    meta: {
      leader: "iad-0",
      cluster_size: 4,
      replicas: [
        { name: "jnb-1", current: false, offline: true, peer: peerId("jnb-1") },
        { name: "Server name unknown at this time (peerID: x)", current: false, offline: true, peer: peerId("jnb-0") },
        { name: "jnbx-0", current: true, peer: peerId("jnbx-0") },
      ],
    },
  };

  it("are known by the ids that servers make of their names", () => {
    // As a server of this name logs it.
    assert.equal(peerId("ams-0"), "nkMhV6zq");
  });

  it("are found by id, in order, also those whose names the leader does not know", () => {
    assert.deepEqual(
      peersAmong(possibleServers("jnb"), snapshot).map(({ name }) => name),
      ["jnb-0", "jnb-1"],
    );
    assert.deepEqual(peersAmong(possibleServers("sfo"), snapshot), []);
  });

  it("are too many for the checks, which name the command that removes them", () => {
    const subject = { environment: localEnvironment({ servers: 1 }), tenants: {} };
    const { detail } = checksOf(subject, snapshot).find(({ name }) => name === "meta group")!;
    assert.match(detail, /^has 4 peers, not 3 \(remove those of a deleted region: npm run remove-peers\)/);
  });
});
