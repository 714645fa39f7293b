import assert from "node:assert/strict";
import { Failure } from "../../../../engine/failure";
import { peerId } from "../../../../jetstream/peer-id";
import { removePeer } from "../../../../operations/remove-peers/remove";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { type Answers, fakeConnection, refusal } from "../../../support/fake-connection";

const jnb = { name: "jnb-0", current: false, peer: peerId("jnb-0") };
const without: Snapshot = { servers: {}, streams: {}, meta: { leader: "iad-0", cluster_size: 3, replicas: [] } };
const withJnb: Snapshot = { ...without, meta: { leader: "iad-0", cluster_size: 4, replicas: [jnb] } };

describe("removing a peer", () => {
  for (const [what, answers] of [
    ["the server confirms it", { "SERVER.REMOVE": { success: true } }],
    ["the answer is lost", {}],
    ["it was removed before", { "SERVER.REMOVE": refusal(10044) }],
    ["another removal is in progress", { "SERVER.REMOVE": refusal(10202) }],
  ] as [string, Answers][]) {
    it(`is done when a leader counts without it, also if ${what}`, async () => {
      const seen: Snapshot[] = [withJnb, { servers: {}, streams: {} }, without];
      const { connection, requests } = fakeConnection(answers);
      assert.equal(await removePeer(connection, () => Promise.resolve(seen.shift()!), jnb), without);
      assert.deepEqual([seen, requests], [[], ["SERVER.REMOVE"]]);
    });
  }

  it("fails at once where the server refuses it", async () => {
    const { connection } = fakeConnection({ "SERVER.REMOVE": refusal(10040, "peer remap failed") });
    const take = () => assert.fail("nothing is waited for");
    await assert.rejects(
      removePeer(connection, take, jnb),
      (error) => error instanceof Failure && /^jnb-0 was not removed: peer remap failed/.test(error.message),
    );
  });
});
