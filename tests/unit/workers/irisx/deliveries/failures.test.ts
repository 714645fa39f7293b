import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { JsMsg } from "@nats-io/jetstream";
import { pino } from "pino";
import type { GivenUp } from "../../../../../workers/messaging";
import { notingFailures } from "../../../../../workers/irisx/deliveries/failures";
import { outgoing, smsMessage } from "../../../../../workers/irisx/messages";

const message = smsMessage.parse({
  id: randomUUID(),
  timestamp: new Date().toISOString(),
  source: "irisx-api",
  tenantId: "acme",
  to: "+12025550123",
  body: "Hello",
});
const received = (data: unknown) =>
  ({ subject: outgoing.sms.subject, data: new TextEncoder().encode(JSON.stringify(data)) }) as unknown as JsMsg;

/** Gives a message up; records the calls in their order. */
async function giveUp(why: GivenUp, { data = message as unknown, wasSent = false, broken = false }) {
  const calls: unknown[] = [];
  const writer = notingFailures(
    { write: () => Promise.resolve(calls.push("copied")).then(() => "stored") },
    "sms",
    smsMessage,
    {
      store: {
        record: (key, outcome) =>
          broken
            ? Promise.reject(new Error("database is down"))
            : Promise.resolve(calls.push(["recorded", key, outcome])).then(() => (wasSent ? undefined : 5)),
      },
      report: (_key, outcome) => Promise.resolve(calls.push(["reported", outcome])).then(() => undefined),
      log: pino({ level: "silent" }),
    },
  );
  return { calls, written: await writer.write(received(data), why) };
}

const key = { channel: "sms", id: message.id, tenantId: "acme" };
const failed = { status: "failed", error: "Twilio 500" };

describe("a delivery that is given up", () => {
  it("is copied, then noted as failed, then reported", async () => {
    const { calls, written } = await giveUp({ reason: "attempts", error: new Error("Twilio 500") }, {});
    assert.equal(written, "stored");
    assert.deepEqual(calls, ["copied", ["recorded", key, failed], ["reported", { ...failed, attempts: 5 }]]);
  });

  it("is not reported where the state says that it was sent", async () => {
    const { calls } = await giveUp({ reason: "deliveries" }, { wasSent: true });
    assert.deepEqual(calls, ["copied", ["recorded", key, { status: "failed", error: "deliveries" }]]);
  });

  it("is copied alone where it could not be read", async () => {
    assert.deepEqual((await giveUp({ reason: "invalid" }, { data: { id: 1 } })).calls, ["copied"]);
  });

  it("comes to its end although it cannot be noted", async () => {
    const { calls, written } = await giveUp({ reason: "terminal", error: new Error("x") }, { broken: true });
    assert.deepEqual([calls, written], [["copied"], "stored"]);
  });
});
