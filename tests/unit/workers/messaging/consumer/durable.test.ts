import assert from "node:assert/strict";
import type { ConsumerConfig, ConsumerInfo } from "@nats-io/jetstream";
import { durableOf, nakDelay, shortestWait, waitOf } from "../../../../../workers/messaging/consumer/durable";

const second = 1_000_000_000;
const infoOf = (config: Partial<ConsumerConfig>, more: Partial<ConsumerInfo> = {}) =>
  ({
    stream_name: "SMS",
    name: "sms-worker",
    num_pending: 3,
    num_ack_pending: 2,
    ...more,
    config: { ack_policy: "explicit", ack_wait: 30 * second, max_deliver: -1, ...config },
  }) as ConsumerInfo;

describe("what a worker reads of its durable", () => {
  it("attempts are the worker's own, else the label's, else max_deliver, else 5; at most max_deliver", () => {
    const labelled = { metadata: { "supercluster.attempts": "7" } };
    const cases: [number, Partial<ConsumerConfig>, { attempts?: number }?][] = [
      [5, {}],
      [12, { max_deliver: 12 }],
      [7, labelled],
      [7, { ...labelled, max_deliver: 20 }],
      [4, { ...labelled, max_deliver: 4 }],
      [9, labelled, { attempts: 9 }],
      [5, { metadata: { "supercluster.attempts": "many" } }],
    ];
    for (const [expected, config, own] of cases)
      assert.equal(durableOf(infoOf(config), own).attempts, expected, JSON.stringify(config));
  });

  it("waits are the backoff's, whose last entry repeats, else the ack wait", () => {
    const withBackoff = durableOf(infoOf({ ack_wait: second, backoff: [second, 2 * second] }));
    assert.deepEqual(
      [1, 2, 3, 9].map((delivery) => waitOf(withBackoff, delivery)),
      [1_000, 2_000, 2_000, 2_000],
    );
    assert.equal(shortestWait(withBackoff), 1_000);
    assert.equal(waitOf(durableOf(infoOf({})), 3), 30_000);
  });

  it("a negative acknowledgement leaves out what the server waits longer than ack_wait by itself", () => {
    const withBackoff = durableOf(infoOf({ ack_wait: second, backoff: [second, 30 * second] }));
    const asked = [1, 2, 3].map((delivery) =>
      [30_000, 29_000, 5_000].map((wait) => nakDelay(withBackoff, delivery, wait)),
    );
    // Never 0, which is no delay: the message would come at once.
    const later = [1_000, 1, -24_000];
    assert.deepEqual(asked, [[30_000, 29_000, 5_000], later, later]);
    assert.equal(nakDelay(durableOf(infoOf({})), 3, 5_000), 5_000);
  });

  it("lag is what was not acknowledged yet", () => assert.equal(durableOf(infoOf({})).lag, 5));

  it("refuses one whose messages would get lost, and one that ranks its clients", () => {
    assert.throws(() => durableOf(infoOf({ ack_policy: "none" })), /durable sms-worker of stream SMS has ack_policy/);
    assert.throws(() => durableOf(infoOf({ priority_policy: "pinned_client" })), /priority_policy "pinned_client"/);
  });

  it("a durable that filters another subject than the worker names is refused", () => {
    const read = (config: Partial<ConsumerConfig>, subject?: string) => () => durableOf(infoOf(config), { subject });
    assert.doesNotThrow(read({ filter_subject: "sms.>" }));
    assert.doesNotThrow(read({ filter_subject: "sms.>" }, "sms.>"));
    assert.doesNotThrow(read({ filter_subjects: ["sms.>"] }, "sms.>"));
    assert.doesNotThrow(read({}, ">"));
    assert.throws(
      read({ filter_subject: "sms.send" }, "sms.>"),
      /^Error: durable sms-worker of stream SMS filters "sms.send", and the worker expects "sms.>": it would get /,
    );
    assert.throws(read({ filter_subjects: ["a", "b"] }, "a"), /filters "a", "b", and the worker expects "a"/);
    assert.throws(read({}, "sms.>"), /filters ">", and the worker expects "sms.>"/);
  });
});
