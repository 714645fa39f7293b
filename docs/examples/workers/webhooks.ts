import { jetstream, type JsMsg } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";

/** Which attempt a message of `webhooks.retry` is. Every publication is a new message, so the server cannot count. */
const attemptHeader = "Webhook-Attempt";

/** Waits before the second attempt and those after it, in milliseconds: five attempts in all. */
const backoff = [30_000, 60_000, 120_000, 240_000];

/**
 * Delivers webhooks; what failed is published again to `webhooks.retry`. After the last attempt the message is
 * terminated: the advisory MSG_TERMINATED reports it, and it stays in its stream.
 *
 * @param send throws if it could not be delivered
 */
export async function webhooks(
  nc: NatsConnection,
  send: (webhook: JsMsg) => Promise<void>,
  waits = backoff,
): Promise<void> {
  const client = jetstream(nc);
  const consumer = await client.consumers.get("WEBHOOKS", "webhook-worker");
  for await (const webhook of await consumer.consume({ max_messages: 10 })) {
    const attempt = Number(webhook.headers?.get(attemptHeader)) || 1;
    const early = webhook.time.getTime() + (waits[attempt - 2] ?? 0) - Date.now();
    if (early > 0) {
      webhook.nak(early);
      continue;
    }
    try {
      await send(webhook);
      webhook.ack();
    } catch (error) {
      if (attempt > waits.length) {
        webhook.term(`given up after ${attempt} attempts: ${String(error)}`);
        continue;
      }
      const counted = headers();
      counted.set(attemptHeader, String(attempt + 1));
      // If this worker ends before the acknowledgement, the second copy has the same id and is dropped.
      const msgID = `retry-${webhook.seq}`;
      await client.publish("webhooks.retry", webhook.data, { headers: counted, msgID });
      webhook.ack();
    }
  }
}
