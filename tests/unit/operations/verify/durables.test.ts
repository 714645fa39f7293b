import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import type { Connections } from "../../../../operations/verify/connections";
import { isSettled, type ProofContext, proveStream } from "../../../../operations/verify/durables";
import { Leftovers } from "../../../../operations/verify/leftovers";
import { planOf } from "../../../../operations/verify/plan";
import { healthySnapshot } from "../../../support/healthy-snapshot";
import { ownCache } from "../../../support/own-cache";

describe("a proof through a stream's durables", () => {
  ownCache();
  const checked = checkedEnvironment("local");
  const plans = Object.values(checked.tenants).flatMap((tenant) => planOf(checked, tenant).streams);
  const pulled = plans.find(({ durables }) => durables.every(({ consumer }) => consumer.spec.mode === "pull"))!;
  const pushed = plans.find(({ durables }) => durables.some(({ consumer }) => consumer.spec.mode === "push"));
  const detailOf = (snapshot: Snapshot, { account, stream } = pulled) =>
    snapshot.streams[account]![stream]!.consumer_detail!.find(
      ({ name }) => name === pulled.durables[0]!.consumer.name,
    )!;

  /** Proves it where no region can be reached, so that whatever is published fails. */
  async function prove(
    change: (snapshot: Snapshot, leftovers: Leftovers) => void,
    { plan = pulled, clients = 0, worked = [] as string[] } = {},
  ): Promise<string[]> {
    const snapshot = healthySnapshot(checked);
    const leftovers = new Leftovers("local");
    change(snapshot, leftovers);
    const context: ProofContext = {
      connections: {
        get: (region: string): Promise<NatsConnection> => Promise.reject(new Error(`${region} is down`)),
        inbox: () => "_INBOX",
      } as unknown as Connections,
      snapshot,
      leftovers,
      worked: new Set(worked),
      observe: () => Promise.resolve(snapshot),
      subscribers: () => Promise.resolve(clients),
    };
    return (await proveStream(plan, context)).map(({ result, detail }) => `${result}: ${detail}`);
  }
  const name = pulled.durables[0]!.consumer.name;
  const key = `${pulled.account}/${pulled.stream}/${name}`;
  const all = (line: string, plan = pulled) => plan.durables.map(() => line);
  const tried = all(`failed: ${pulled.from} -> ${pulled.to}: ${pulled.to} is down`);

  it("is tried where no one else works, and fails with the reason for every durable", async () =>
    assert.deepEqual(await prove(() => undefined), tried));

  for (const [what, change, reason] of [
    [
      "a durable that does not exist",
      (snapshot: Snapshot) => (snapshot.streams[pulled.account]![pulled.stream]!.consumer_detail = []),
      pulled.durables.map(({ consumer }) => `${consumer.name} does not exist`).join("; "),
    ],
    [
      "a client that waits for messages",
      (snapshot: Snapshot) => (detailOf(snapshot).num_waiting = 1),
      `a client uses ${name}`,
    ],
    [
      "messages that are not delivered",
      (snapshot: Snapshot) => (detailOf(snapshot).num_pending = 1),
      `1 message of other publishers in ${name}`,
    ],
    [
      "messages that are not acknowledged",
      (snapshot: Snapshot) => (detailOf(snapshot).num_ack_pending = 2),
      `2 messages of other publishers in ${name}`,
    ],
  ] as const) {
    it(`publishes nothing because of ${what}`, async () =>
      assert.deepEqual(await prove(change), all(`skipped: nothing was published: ${reason}`)));
  }

  it("publishes nothing to a push durable whose subject has a subscriber", async () => {
    assert.ok(pushed);
    const lines = await prove(() => undefined, { plan: pushed, clients: 1 });
    const used = pushed.durables.filter(({ consumer }) => consumer.spec.mode === "push");
    const reason = used.map(({ consumer }) => `a client uses ${consumer.name}`).join("; ");
    assert.deepEqual(lines, all(`skipped: nothing was published: ${reason}`, pushed));
  });

  it("counts what an interrupted proof left as its own, and no more than that", async () => {
    // Kept in a file between the two.
    const oneMoreLeft = (snapshot: Snapshot, leftovers: Leftovers) => {
      detailOf(snapshot).num_ack_pending = 2;
      leftovers.add(key, 1);
    };
    const refused = `skipped: nothing was published: 1 message of other publishers in ${name}`;
    assert.deepEqual(await prove(oneMoreLeft), all(refused));
    assert.deepEqual(await prove(oneMoreLeft), tried);
  });

  it("forgets leftovers that are no longer there", async () => {
    await prove((_, leftovers) => leftovers.add(key, 3));
    assert.equal(new Leftovers("local").of(key), 0);
  });

  it("is not kept from a durable by its worker, which takes the message itself", async () => {
    const busy = (snapshot: Snapshot) => Object.assign(detailOf(snapshot), { num_waiting: 1, num_pending: 3 });
    assert.deepEqual(
      await prove(busy, {
        worked: pulled.durables.map(({ consumer }) => `${pulled.account}/${pulled.stream}/${consumer.name}`),
      }),
      all(`failed: ${pulled.from} -> ${pulled.to}: ${pulled.from} is down`),
    );
  });
});

describe("a proof through a worker", () => {
  const sequences = (stream_seq: number) => ({ consumer_seq: stream_seq, stream_seq });
  const found = (floor: number, delivered: number, num_ack_pending: number) => ({
    ...{ ack_floor: sequences(floor), delivered: sequences(delivered), num_ack_pending },
  });

  it("ends once all up to its message is acknowledged", () => {
    assert.ok(!isSettled(undefined, 9, 0));
    assert.ok(!isSettled(found(8, 9, 0), 9, 0));
    assert.ok(isSettled(found(9, 9, 0), 9, 0));
  });

  it("does not wait for older messages that wait for their retries", () => {
    assert.ok(!isSettled(found(4, 8, 2), 9, 2), "not delivered");
    assert.ok(!isSettled(found(4, 9, 3), 9, 2), "delivered and not acknowledged");
    assert.ok(isSettled(found(4, 9, 2), 9, 2));
  });
});
