import assert from "node:assert/strict";
import { copiesOn, unansweredOf } from "../../../../operations/remove-peers/holdings";
import { possibleServers } from "../../../../operations/remove-peers/peers";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { fakeConnection } from "../../../support/fake-connection";

describe("what the servers of a region hold", () => {
  it("names each stream and durable with a copy there, and where", () => {
    const group = (leader: string, ...others: string[]) => ({
      leader,
      replicas: others.map((name) => ({ name, current: true })),
    });
    const stream = { config: {}, state: { messages: 0, bytes: 0, last_seq: 0 } };
    const durable = { config: {}, num_pending: 0, num_ack_pending: 0, num_waiting: 0 };
    const streams: Snapshot["streams"] = {
      app: {
        S: {
          ...stream,
          name: "S",
          cluster: group("jnb-0", "jnb-1"),
          consumer_detail: [{ ...durable, name: "d", cluster: group("jnb-1") }],
        },
        T: {
          ...stream,
          name: "T",
          cluster: group("iad-0", "iad-1"),
          consumer_detail: [{ ...durable, name: "d", cluster: group("iad-1") }],
        },
      },
    };
    assert.deepEqual(copiesOn(possibleServers("jnb"), { servers: {}, streams }), [
      "stream app/S has a copy on jnb-0, jnb-1",
      "consumer app/S/d has a copy on jnb-1",
    ]);
  });

  it("may be streams that no server answers for: all pages are read, each name once, sorted", async () => {
    const { connection, requests } = fakeConnection({
      "STREAM.LIST": ({ offset }) => ({ total: 300, limit: 256, missing: offset === 0 ? ["T", "S"] : ["S"] }),
    });
    assert.deepEqual(await unansweredOf(connection), ["S", "T"]);
    assert.equal(requests.length, 2);
  });
});
