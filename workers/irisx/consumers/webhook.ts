import type { JsMsg } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { deadLetterNames, type ProcessResult, replayHeader } from "../../messaging";
import type { Webhook } from "../adapters/sender";
import { attemptHeader, early, next, notBeforeHeader, webhookWaits } from "../deliveries/retry";
import { type WebhookMessage, webhookMessage } from "../messages";
import { DeliveryConsumer, type DeliveryPorts } from "./delivery-consumer";

/**
 * Sends what comes by `webhooks.deliver` and `webhooks.retry`. One that failed is published again to `webhooks.retry`,
 * with the number of its next attempt and when that is due: so that one receiver that is down does not use up the
 * attempts of a message's deliveries, nor stop the webhooks of others. After the fifth it is given up.
 */
export class WebhookConsumer extends DeliveryConsumer<WebhookMessage, Webhook> {
  constructor(
    ports: DeliveryPorts<Webhook>,
    private readonly waits = webhookWaits,
  ) {
    super({ channel: "webhook", stream: "WEBHOOKS", durable: "webhook-worker" }, webhookMessage, ports);
  }

  async processMessage(message: WebhookMessage, received: JsMsg): Promise<ProcessResult> {
    // A replay carries what the headers were when it was given up; it begins with a first attempt.
    const isReplay = received.info.stream === deadLetterNames.replays;
    const attempt = (isReplay ? undefined : numberOf(received, attemptHeader)) ?? 1;
    const notBefore = isReplay ? undefined : numberOf(received, notBeforeHeader);
    const wait = early({ attempt, notBefore, published: received.time.getTime() }, Date.now(), this.waits);
    if (wait > 0) return { success: false, retryable: true, retryAfter: wait };
    return this.deliver(message, outgoing(message), async ({ reason, retryAfter }) => {
      const following = next(attempt, Date.now(), retryAfter, this.waits);
      if (!following) return { success: false, error: new Error(`given up after ${attempt} attempts: ${reason}`) };
      await this.publishAgain(received, following);
      return { success: true };
    });
  }

  private async publishAgain(received: JsMsg, { attempt, notBefore }: { attempt: number; notBefore: number }) {
    const again = headers();
    again.set(attemptHeader, String(attempt));
    again.set(notBeforeHeader, String(notBefore));
    // By these its dead letter still says how often it was replayed, and of what.
    for (const name of Object.values(replayHeader)) {
      const value = received.headers?.get(name);
      if (value) again.set(name, value);
    }
    // If this worker ends before the acknowledgement, the second copy has the same id and is dropped.
    const id = `retry-${received.info.stream}-${received.seq}`;
    await this.ports.publisher.publish("webhooks.retry", received.data, { id, headers: again });
  }
}

/** As it is signed: the fields that Standard Webhooks recommends, the same text for every attempt. */
const outgoing = ({ id, tenantId, url, event, timestamp, data }: WebhookMessage): Webhook => ({
  id,
  tenantId,
  url,
  body: JSON.stringify({ type: event, timestamp, data }),
});

function numberOf({ headers: known }: JsMsg, name: string): number | undefined {
  const number = Number(known?.get(name));
  return number > 0 ? number : undefined;
}
