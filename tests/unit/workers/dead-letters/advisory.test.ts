import assert from "node:assert/strict";
import { advisory, isCopiedByWorker } from "../../../../workers/dead-letters/advisory";

const given = {
  id: "x",
  timestamp: "2026-11-27T03:15:09Z",
  stream: "SMS",
  consumer: "sms-worker",
  stream_seq: 7,
  deliveries: 5,
  domain: "global",
};

describe("an advisory about a message that was given up", () => {
  it("is one of two kinds, with more fields than are needed", () => {
    const type = "io.nats.jetstream.advisory.v1.max_deliver";
    assert.equal(advisory.parse({ type, ...given }).stream_seq, 7);
    const terminated = advisory.parse({ ...given, type: "io.nats.jetstream.advisory.v1.terminated", reason: "why" });
    assert.equal("reason" in terminated && terminated.reason, "why");
  });

  it("says by its reason whether the worker had stored the dead letter", () => {
    const terminated = (reason?: string) =>
      advisory.parse({ ...given, type: "io.nats.jetstream.advisory.v1.terminated", reason });
    assert.ok(isCopiedByWorker(terminated("dead letter stored: attempts: 503")));
    assert.ok(!isCopiedByWorker(terminated("attempts: 503")));
    assert.ok(!isCopiedByWorker(terminated()));
    assert.ok(!isCopiedByWorker(advisory.parse({ ...given, type: "io.nats.jetstream.advisory.v1.max_deliver" })));
  });

  it("is nothing else", () => {
    assert.throws(() => advisory.parse({ type: "io.nats.jetstream.advisory.v1.nak", ...given }));
    assert.throws(() => advisory.parse({ ...given, type: "io.nats.jetstream.advisory.v1.max_deliver", stream_seq: 0 }));
  });
});
