import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { JsMsg } from "@nats-io/jetstream";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { pino } from "pino";
import { replayHeader } from "../../../../../workers/messaging";
import type { SendResult, Webhook } from "../../../../../workers/irisx/adapters/sender";
import { WebhookConsumer } from "../../../../../workers/irisx/consumers/webhook";
import { attemptHeader, notBeforeHeader } from "../../../../../workers/irisx/deliveries/retry";
import { DatabaseUnavailable } from "../../../../../workers/database/database";
import type { DeliveryStore } from "../../../../../workers/irisx/deliveries/delivery";
import type { WebhookMessage } from "../../../../../workers/irisx/messages";

const message: WebhookMessage = {
  id: randomUUID(),
  timestamp: "2026-01-01T00:00:00.000Z",
  source: "irisx-api",
  tenantId: "acme",
  url: "https://example.com/hook",
  event: "invoice.paid",
  data: { total: 12 },
};

const received = (known: MsgHdrs, published = Date.now(), stream = "WEBHOOKS") =>
  ({
    headers: known,
    time: new Date(published),
    data: new Uint8Array([1]),
    seq: 7,
    info: { stream },
  }) as unknown as JsMsg;

const attempt = (number: number, notBefore?: number): MsgHdrs => {
  const made = headers();
  if (number > 1) made.set(attemptHeader, String(number));
  if (notBefore !== undefined) made.set(notBeforeHeader, String(notBefore));
  return made;
};

/** Processes one delivery with an answer of the receiver. */
async function process(answer: SendResult, msg: JsMsg, store: Partial<DeliveryStore> = {}) {
  const sent: Webhook[] = [];
  const published: { subject: string; id: string; headers: Record<string, string> }[] = [];
  const statuses: string[] = [];
  const consumer = new WebhookConsumer({
    store: {
      claim: () => Promise.resolve({ kind: "claimed", attempts: 1 }),
      record: (_key, { status }) => Promise.resolve(statuses.push(status)),
      ...store,
    } as DeliveryStore,
    sender: {
      provider: "http",
      send: (webhook) => Promise.resolve(sent.push(webhook)).then(() => answer),
      close: () => Promise.resolve(),
    },
    publisher: {
      publish: (subject, _data, { id, headers: made }) => {
        published.push({
          subject,
          id,
          headers: Object.fromEntries([...made!].map(([name, [value]]) => [name, value!])),
        });
        return Promise.resolve({ stream: "WEBHOOKS", seq: 8, duplicate: false, domain: "" });
      },
    },
    deadLetters: { write: () => Promise.reject(new Error("not expected")) },
    log: pino({ level: "silent" }),
  });
  return { result: await consumer.processMessage(message, msg), sent, published, statuses };
}

const failure: SendResult = { outcome: "retry", reason: "the receiver answered 503" };

describe("consumer of webhooks", () => {
  it("sends what Standard Webhooks recommends, the same in every attempt", async () => {
    for (const number of [1, 2]) {
      const { result, sent, published } = await process(
        { outcome: "sent", providerId: "200" },
        received(attempt(number, number > 1 ? 1 : undefined)),
      );
      assert.deepEqual(result, { success: true });
      assert.deepEqual(sent, [
        {
          id: message.id,
          tenantId: "acme",
          url: message.url,
          body: '{"type":"invoice.paid","timestamp":"2026-01-01T00:00:00.000Z","data":{"total":12}}',
        },
      ]);
      assert.equal(published.length, 0);
    }
  });

  it("publishes a failed one again, numbered, with the time of its next attempt, and acknowledges it", async () => {
    const before = Date.now();
    const { result, published, statuses } = await process({ ...failure, retryAfter: 3_600_000 }, received(attempt(1)));
    assert.deepEqual([result, statuses], [{ success: true }, ["retrying"]]);
    const [{ subject, id, headers: made } = assert.fail("not published")] = published;
    assert.deepEqual([subject, id, made[attemptHeader]], ["webhooks.retry", "retry-WEBHOOKS-7", "2"]);
    const wait = Number(made[notBeforeHeader]) - before;
    assert.ok(wait >= 3_600_000 && wait < 3_700_000, `${wait}`);
  });

  it("gives it up after the fifth attempt", async () => {
    const { result, published } = await process(failure, received(attempt(5, 1)));
    assert.equal(published.length, 0);
    assert.ok(!result.success && !result.retryable && !result.unavailable);
    assert.equal(result.error?.message, "given up after 5 attempts: the receiver answered 503");
  });

  it("begins a replay with a first attempt, and keeps what it is a replay of in its retries", async () => {
    const { of, subject, count } = replayHeader;
    const replay = { [of]: "first", [subject]: "webhooks.retry", [count]: "1" };
    const known = attempt(5, Date.now() + 3_600_000);
    for (const [name, value] of Object.entries(replay)) known.set(name, value);
    const { sent, published } = await process(failure, received(known, Date.now(), "REPLAYS"));
    assert.equal(sent.length, 1);
    const [{ id, headers: made } = assert.fail("not published")] = published;
    assert.deepEqual([id, made[attemptHeader]], ["retry-REPLAYS-7", "2"]);
    for (const [name, value] of Object.entries(replay)) assert.equal(made[name], value);

    // Its retry is in the stream of webhooks again, where attempts are counted.
    known.set(notBeforeHeader, "1");
    const last = await process(failure, received(known));
    assert.deepEqual([last.published.length, last.result.success], [0, false]);
  });

  it("leaves one for which it is too early until it is due", async () => {
    const { result, sent } = await process(failure, received(attempt(2, Date.now() + 60_000)));
    assert.equal(sent.length, 0);
    assert.ok(result.retryable && result.retryAfter! > 50_000 && result.retryAfter! <= 60_000);
  });

  it("does not count that another worker is at it as an attempt", async () => {
    const claim = () => Promise.resolve({ kind: "busy" as const, remaining: 5 });
    const { result, sent, published } = await process(failure, received(attempt(1)), { claim });
    assert.deepEqual([sent.length, published.length, result.retryable, result.retryAfter], [0, 0, true, 5]);
  });

  it("takes no more while the database does not answer", async () => {
    const claim = () => Promise.reject(new DatabaseUnavailable("down"));
    const { result, sent } = await process(failure, received(attempt(1)), { claim });
    assert.deepEqual([sent.length, result.success, result.unavailable], [0, false, true]);
  });
});
