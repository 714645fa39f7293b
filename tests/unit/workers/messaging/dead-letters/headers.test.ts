import assert from "node:assert/strict";
import fc from "fast-check";
import { headers, MsgHdrsImpl } from "@nats-io/transport-node";
import { deadLetterHeader, deadLetterSubject } from "../../../../../workers/messaging/contract";
import { deadLetterHeaders, isCopyOf } from "../../../../../workers/messaging/dead-letters/headers";

const origin = {
  subject: "sms.send",
  stream: "SMS",
  sequence: 7,
  durable: "sms-worker",
  deliveries: 5,
  time: "2026-01-01T00:00:00.000Z",
};

describe("headers of a dead letter", () => {
  it("tell what it is a copy of, and why", () => {
    const made = deadLetterHeaders(origin, { reason: "attempts", error: new TypeError("no route\nat line 1") });
    assert.deepEqual(Object.fromEntries(made.keys().map((name) => [name, made.get(name)])), {
      "Dead-Letter-Subject": "sms.send",
      "Dead-Letter-Stream": "SMS",
      "Dead-Letter-Sequence": "7",
      "Dead-Letter-Durable": "sms-worker",
      "Dead-Letter-Deliveries": "5",
      "Dead-Letter-Time": "2026-01-01T00:00:00.000Z",
      "Dead-Letter-Reason": "attempts",
      "Dead-Letter-Error": "TypeError: no route at line 1",
    });
    assert.equal(deadLetterSubject("SMS", 7, "sms-worker"), "dead.SMS.7.sms-worker");
  });

  it("keep the message's own, all values, but not instructions to the server", () => {
    const own = headers();
    own.set("Nats-Msg-Id", "order-1");
    own.set("Nats-Expected-Last-Sequence", "4");
    own.set("Nats-TTL", "1s");
    own.set("Dead-Letter-Error", "of an earlier one");
    own.append("traceparent", "00-1");
    own.append("x", "1");
    own.append("x", "2");
    const made = deadLetterHeaders({ ...origin, headers: own }, { reason: "invalid" });
    assert.deepEqual(made.values("x"), ["1", "2"]);
    assert.equal(made.get("traceparent"), "00-1");
    assert.equal(made.get(deadLetterHeader.id), "order-1");
    for (const name of ["Nats-Msg-Id", "Nats-Expected-Last-Sequence", "Nats-TTL", "Dead-Letter-Error"])
      assert.equal(made.has(name), false, name);
  });

  it("without a body they are short, whatever the message's own are", () => {
    const own = headers();
    own.set("x", "y".repeat(100_000));
    const made = deadLetterHeaders({ ...origin, headers: own }, { reason: "invalid" }, "too-large");
    assert.equal(made.get(deadLetterHeader.body), "too-large");
    assert.equal(made.has("x"), false);
  });

  it("tell it from one of another message that had its sequence", () => {
    const copy = deadLetterHeaders(origin, { reason: "terminal" });
    assert.equal(isCopyOf(copy, { time: "2026-01-01T00:00:00.000000001Z" }), true, "as servers write it");
    assert.equal(isCopyOf(copy, { time: "2026-01-01T00:00:00.001Z" }), false);
    assert.equal(isCopyOf(copy, { time: "" }), true, "it has expired, and was copied before");
    assert.equal(isCopyOf(deadLetterHeaders({ ...origin, time: "" }, { reason: "terminal" }), origin), false);
  });

  it("can be sent, whatever the error's text is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 3_000 }), (text) => {
        const made = deadLetterHeaders(origin, { reason: "terminal", error: new Error(text) });
        const sent = MsgHdrsImpl.decode((made as MsgHdrsImpl).encode());
        assert.equal(sent.get(deadLetterHeader.durable), "sms-worker");
        assert.ok(sent.get(deadLetterHeader.error).length <= 1_024);
      }),
    );
  });

  it("have errors without secrets: credentials in URLs, and values of this process's environment", () => {
    process.env.HEADERS_TEST_PASSWORD = 'hunter"22 of this test';
    try {
      const text = 'https://app:s3cr3t@example.com answered: hunter"22 of this test is wrong';
      const error = deadLetterHeaders(origin, { reason: "terminal", error: new Error(text) }).get(
        deadLetterHeader.error,
      );
      assert.equal(error, "Error: https://[redacted]@example.com answered: [redacted] is wrong");
    } finally {
      delete process.env.HEADERS_TEST_PASSWORD;
    }
  });
});
