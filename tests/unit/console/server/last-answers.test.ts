import assert from "node:assert/strict";
import { LastAnswers } from "../../../../console/server/last-answers";
import type { Varz } from "../../../../jetstream/monitoring";
import { type Answers, snapshotOf } from "../../../../operations/supercluster/snapshot";

const names = ["iad-0", "iad-1", "iad-2"];
const server = (name: string) => ({ name, cluster: "iad", ver: "2.15.3" });
const state = { messages: 1, bytes: 1, last_seq: 1 };

/** What these servers answer, of which one leads a stream with a durable. */
function answersOf(among: string[], leader: string, messages = 1): Answers {
  const cluster = { leader };
  const durable = { name: "D", config: {}, cluster, num_pending: messages, num_ack_pending: 0, num_waiting: 0 };
  const stream = { name: "S", cluster, config: {}, state: { ...state, messages }, consumer_detail: [durable] };
  const data: Varz = { connections: 1, mem: 1 };
  return {
    varz: among.map((name) => ({ server: server(name), data })),
    gateways: among.map((name) => ({ server: server(name), data: {} })),
    health: among.map((name) => ({ server: server(name), data: { status: "ok" } })),
    jetstream: among.map((name) => ({
      server: server(name),
      data: { account_details: [{ name: "a", stream_detail: [stream] }] },
    })),
  };
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

describe("the console, where servers answer late", () => {
  const others = ["iad-0", "iad-1"];

  it("keeps what a server said last until it has missed three looks, and says since when it is silent", () => {
    const last = new LastAnswers();
    last.completed(answersOf(names, "iad-2"), at(0));
    assert.deepEqual(last.silentSince, {});
    for (const look of [1, 2]) {
      const { servers, streams, late } = snapshotOf(last.completed(answersOf(others, "iad-2"), at(2 * look)));
      assert.deepEqual(Object.keys(servers).sort(), names, `look ${look}`);
      assert.equal(servers["iad-2"]!.health!.status, "ok");
      assert.equal(servers["iad-2"]!.leads, 1);
      assert.deepEqual(late, ["iad-2"]);
      assert.equal(streams.a!.S!.consumer_detail!.length, 1);
      assert.deepEqual(last.silentSince, { "iad-2": at(0) });
    }
    const { servers, streams } = snapshotOf(last.completed(answersOf(others, "iad-2"), at(6)));
    assert.deepEqual([Object.keys(servers).sort(), streams], [others, {}]);
    assert.deepEqual(last.silentSince, { "iad-2": at(0) });
  });

  it("counts from zero again once it has answered", () => {
    const last = new LastAnswers();
    for (let look = 0; look < 12; look++) {
      const { servers } = snapshotOf(last.completed(answersOf(look % 3 ? others : names, "iad-0"), at(look)));
      assert.deepEqual(Object.keys(servers).sort(), names, `look ${look}`);
    }
    last.completed(answersOf(names, "iad-0"), at(12));
    assert.deepEqual(last.silentSince, {});
  });

  it("does not take a late server's word against a newer one: of two leaders the one that answers counts", () => {
    const last = new LastAnswers();
    last.completed(answersOf(names, "iad-2", 5), at(0));
    const { servers, streams } = snapshotOf(last.completed(answersOf(others, "iad-0", 9), at(2)));
    const { cluster, state: now, consumer_detail: durables } = streams.a!.S!;
    assert.deepEqual([cluster!.leader, now.messages], ["iad-0", 9]);
    assert.deepEqual(
      durables!.map(({ num_pending }) => num_pending),
      [9],
    );
    assert.deepEqual([servers["iad-0"]!.leads, servers["iad-2"]!.leads], [1, 0]);
  });

  it("stands in for one kind of answer alone: what is quick to answer may be there without what is not", () => {
    const last = new LastAnswers();
    last.completed(answersOf(names, "iad-2"), at(0));
    const answers = answersOf(names, "iad-2");
    answers.jetstream.pop();
    assert.ok(snapshotOf(last.completed(answers, at(2))).streams.a!.S);
    assert.deepEqual(last.silentSince, { "iad-2": at(0) });
  });

  it("makes up nothing where no server answers", () => {
    const last = new LastAnswers();
    last.completed(answersOf(names, "iad-0"), at(0));
    assert.throws(() => last.completed(answersOf([], "iad-0"), at(2)), /no server answers/);
  });
});
