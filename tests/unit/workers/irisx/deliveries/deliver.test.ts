import assert from "node:assert/strict";
import type { SendResult } from "../../../../../workers/irisx/adapters/sender";
import { deliver, leaseMs, type Ports } from "../../../../../workers/irisx/deliveries/deliver";
import type { Claim, Delivery, DeliveryKey, Outcome } from "../../../../../workers/irisx/deliveries/delivery";

const key: DeliveryKey = { channel: "sms", id: "0b3c1c58-6b0f-4d57-8a3e-0e7cf1c1a001", tenantId: "acme" };

const calls: unknown[] = [];
/** Errors of the state. */
const recorded: (string | undefined)[] = [];

/** Delivers with a claim and an answer; records every call in its order. */
async function run(
  claim: Claim,
  answer: SendResult = { outcome: "sent", providerId: "SM1" },
  broken: Partial<Record<"record" | "report", Error>> = {},
  again?: Ports["again"],
) {
  calls.length = 0;
  const call = (name: "record" | "report", outcome: Outcome) => {
    calls.push([name, outcome.status]);
    if (name === "record") recorded.push(outcome.error);
    return broken[name] ? Promise.reject(broken[name]) : Promise.resolve();
  };
  const ports: Ports = {
    store: {
      claim: (_key, lease) => Promise.resolve(calls.push(["claim", lease])).then(() => claim),
      record: (_key, outcome) => call("record", outcome).then(() => 1),
      queued: () => Promise.reject(new Error("not expected")),
      find: () => Promise.reject(new Error("not expected")),
      purge: () => Promise.reject(new Error("not expected")),
      check: () => Promise.reject(new Error("not expected")),
      close: () => Promise.reject(new Error("not expected")),
    },
    provider: "twilio",
    send: () => Promise.resolve(calls.push("send")).then(() => answer),
    report: (outcome) => call("report", outcome),
    again,
    onUnstored: (outcome) => void calls.push(["unstored", outcome.status]),
  };
  return { calls, result: await deliver(key, ports) };
}

const claimed: Claim = { kind: "claimed", attempts: 1 };
const delivery: Delivery = { ...key, status: "sent", attempts: 1, createdAt: new Date(), updatedAt: new Date() };

describe("deliver", () => {
  it("claims, sends, stores, reports: in this order", async () => {
    const { calls, result } = await run(claimed);
    assert.deepEqual(calls, [["claim", leaseMs], "send", ["record", "sent"], ["report", "sent"]]);
    assert.deepEqual(result, { success: true });
  });

  it("never sends what was sent, but reports it again", async () => {
    const { calls, result } = await run({ kind: "done", delivery });
    assert.deepEqual(calls, [
      ["claim", leaseMs],
      ["report", "sent"],
    ]);
    assert.deepEqual(result, { success: true });
  });

  it("waits while another worker is at it", async () => {
    const { calls, result } = await run({ kind: "busy", remaining: 1_234 });
    assert.deepEqual(calls, [["claim", leaseMs]]);
    assert.deepEqual([result.success, result.retryable, result.retryAfter], [false, true, 1_234]);
  });

  it("gives up an id of another tenant", async () => {
    const { calls, result } = await run({ kind: "foreign" });
    assert.deepEqual(calls, [["claim", leaseMs]]);
    assert.match(result.error!.message, /belongs to another tenant/);
    assert.ok(!result.retryable && !result.unavailable);
  });

  for (const [answer, status, flags] of [
    [{ outcome: "logged" }, "logged", { success: true }],
    [{ outcome: "rejected", reason: "no such number" }, "failed", { success: false }],
    [
      { outcome: "retry", reason: "500", retryAfter: 5 },
      "retrying",
      { success: false, retryable: true, retryAfter: 5 },
    ],
    [
      { outcome: "unavailable", reason: "429", retryAfter: 7 },
      "retrying",
      { success: false, unavailable: true, retryAfter: 7 },
    ],
  ] as [SendResult, string, object][])
    it(`is ${status} after an answer that is ${answer.outcome}`, async () => {
      const { calls, result } = await run(claimed, answer);
      // That it failed is reported when it is given up.
      const reported = status === "logged" ? [["report", status]] : [];
      assert.deepEqual(calls, [["claim", leaseMs], "send", ["record", status], ...reported]);
      const { error, ...rest } = result;
      assert.deepEqual(rest, flags);
      assert.equal(error?.message, "reason" in answer ? answer.reason : undefined);
    });

  it("is done by what follows a failure that may pass, where there is that", async () => {
    const again = { reason: "503", retryAfter: 9 };
    const { result } = await run(claimed, { outcome: "retry", ...again }, {}, (failure) => {
      calls.push(failure);
      return Promise.resolve({ success: true });
    });
    assert.deepEqual(calls.at(-1), { outcome: "retry", ...again });
    assert.deepEqual(result, { success: true });
  });

  it("does not send again because the state could not be stored", async () => {
    const { calls, result } = await run(claimed, { outcome: "sent" }, { record: new Error("database is down") });
    assert.deepEqual(calls, [["claim", leaseMs], "send", ["record", "sent"], ["unstored", "sent"], ["report", "sent"]]);
    assert.deepEqual(result, { success: true });
  });

  it("throws where the report fails, so that the message is delivered again and only reported", async () => {
    await assert.rejects(run(claimed, { outcome: "sent" }, { report: new Error("no answer") }), /no answer/);
  });

  it("stores errors without the secrets that they quote", async () => {
    await run(claimed, { outcome: "retry", reason: "https://shop:s3cr3t@example.com answered 500" });
    assert.equal(recorded.at(-1), "https://[redacted]@example.com answered 500");
  });
});
