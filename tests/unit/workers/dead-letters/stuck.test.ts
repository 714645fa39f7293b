import assert from "node:assert/strict";
import type { ConsumerInfo } from "@nats-io/jetstream";
import * as fc from "fast-check";
import { covers, overlaps } from "../../../../config/subjects";
import { isForgotten, matches, placesToLook } from "../../../../workers/dead-letters/stuck";
import { floorOf, nanosecondsOf } from "../../../../workers/messaging";

const durable = (
  name: string,
  filter: string | string[],
  delivered: number,
  pending = 0,
  floor = delivered,
  ack_policy: "explicit" | "all" | "none" = "explicit",
) =>
  ({
    name,
    num_ack_pending: pending,
    delivered: { stream_seq: delivered },
    ack_floor: { stream_seq: floor },
    config: { ack_policy, ...(typeof filter === "string" ? { filter_subject: filter } : { filter_subjects: filter }) },
  }) as ConsumerInfo;

const message = { seq: 7, subject: "jobs.now" };
const names = (durables: ConsumerInfo[]) => durables.map(({ name }) => name);

describe("a message that no durable will deliver again", () => {
  it("is one that all durables that want it have finished with", () => {
    const done = durable("done", "jobs.now", 9);
    const other = durable("other", "jobs.later", 0);
    assert.deepEqual(names(isForgotten(message, [done, other])), ["done"]);
    assert.deepEqual(names(isForgotten(message, [done, durable("all", [], 7)])), ["done", "all"]);
  });

  it("is none that one of them has pending, has not come to, or that none wants", () => {
    const done = durable("done", "jobs.now", 9);
    assert.deepEqual(isForgotten(message, [done, durable("slow", "", 9, 3, 6)]), []);
    assert.deepEqual(isForgotten(message, [done, durable("new", "jobs.>", 6)]), []);
    assert.deepEqual(isForgotten(message, [durable("other", "jobs.later", 9)]), []);
  });

  it("is below the floor where something is pending, and below what was delivered where nothing is", () => {
    assert.equal(floorOf(durable("a", "", 9, 1, 5)), 5);
    assert.equal(floorOf(durable("a", "", 9, 0, 5)), 9);
  });

  it("is none that waits for a consumer without explicit acknowledgement, and never such a consumer's", () => {
    const done = durable("done", "jobs.now", 9);
    for (const policy of ["all", "none"] as const) {
      assert.deepEqual(isForgotten(message, [done, durable("other", "", 6, 0, 6, policy)]), [], policy);
      assert.deepEqual(names(isForgotten(message, [done, durable("other", "", 9, 0, 9, policy)])), ["done"], policy);
    }
    // One acknowledgement stands for all before it: that none is missing does not show that all were given.
    assert.deepEqual(isForgotten(message, [done, durable("other", "", 9, 0, 6, "all")]), []);
    assert.deepEqual(isForgotten(message, [durable("other", "", 9, 0, 9, "none")]), []);
  });

  const token = fc.constantFrom("a", "b", "c");
  const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join("."));
  const filter = fc
    .tuple(fc.array(fc.oneof(token, fc.constant("*")), { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([tokens, open]) => [...tokens, ...(open ? [">"] : [])].join("."));

  it("is looked for where durables have finished, not among what waits for others", () => {
    const fast = durable("fast", "jobs.now", 20_000);
    assert.deepEqual(placesToLook([fast, durable("slow", "jobs.later", 3)]), [
      { filter: "jobs.now", upTo: 20_000 },
      { filter: "jobs.later", upTo: 3 },
    ]);
    assert.deepEqual(placesToLook([fast, durable("all", "", 9, 0, 9, "none")]), [{ filter: "jobs.now", upTo: 9 }]);
    assert.deepEqual(placesToLook([fast, durable("wide", "jobs.*", 9)]), [{ filter: "jobs.*", upTo: 9 }]);
  });

  it("is in one of these places, whatever durables there are", () => {
    const consumer = fc
      .tuple(filter, fc.nat(9), fc.nat(1), fc.nat(9), fc.constantFrom("explicit", "all", "none"))
      .map(([of, delivered, pending, floor, policy]) =>
        durable(of, of, delivered, pending, Math.min(floor, delivered), policy as "explicit"),
      );
    fc.assert(
      fc.property(fc.array(consumer, { maxLength: 4 }), subject, fc.integer({ min: 1, max: 9 }), (all, of, seq) => {
        const isFound = placesToLook(all).some((place) => matches(place.filter, of) && seq <= place.upTo);
        if (isForgotten({ seq, subject: of }, all).length) assert.ok(isFound);
      }),
    );
  });

  it("matches filters as servers do", () => {
    fc.assert(
      fc.property(filter, subject, (wanted, found) => {
        assert.equal(matches(wanted, found), covers(wanted, found));
        assert.equal(matches(wanted, found), overlaps(wanted, found));
      }),
    );
    fc.assert(fc.property(filter, filter, (one, other) => assert.equal(matches(one, other), covers(one, other))));
  });
});

describe("the time of a stored message", () => {
  it("is read to the nanosecond, however many decimals there are", () => {
    assert.equal(nanosecondsOf("2026-11-27T03:15:09.123456789Z"), 1795749309123456789n);
    assert.equal(nanosecondsOf("2026-11-27T03:15:09.12Z"), 1795749309120000000n);
    assert.equal(nanosecondsOf("2026-11-27T03:15:09Z"), 1795749309000000000n);
  });
});
