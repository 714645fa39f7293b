import assert from "node:assert/strict";
import type { ConsumerInfo } from "@nats-io/jetstream";
import * as fc from "fast-check";
import { covers, overlaps } from "../../../../config/subjects";
import { nanosecondsOf } from "../../../../workers/dead-letters/given-up-message";
import { floorOf, isForgotten, matches } from "../../../../workers/dead-letters/stuck";

const durable = (name: string, filter: string | string[], delivered: number, pending = 0, floor = delivered) =>
  ({
    name,
    num_ack_pending: pending,
    delivered: { stream_seq: delivered },
    ack_floor: { stream_seq: floor },
    config: typeof filter === "string" ? { filter_subject: filter } : { filter_subjects: filter },
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

  it("matches filters as servers do", () => {
    const token = fc.constantFrom("a", "b", "c");
    const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join("."));
    const filter = fc
      .tuple(fc.array(fc.oneof(token, fc.constant("*")), { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([tokens, open]) => [...tokens, ...(open ? [">"] : [])].join("."));
    fc.assert(
      fc.property(filter, subject, (wanted, found) => {
        assert.equal(matches(wanted, found), covers(wanted, found));
        assert.equal(matches(wanted, found), overlaps(wanted, found));
      }),
    );
  });
});

describe("the time of a stored message", () => {
  it("is read to the nanosecond, however many decimals there are", () => {
    assert.equal(nanosecondsOf("2026-11-27T03:15:09.123456789Z"), 1795749309123456789n);
    assert.equal(nanosecondsOf("2026-11-27T03:15:09.12Z"), 1795749309120000000n);
    assert.equal(nanosecondsOf("2026-11-27T03:15:09Z"), 1795749309000000000n);
  });
});
