import { jetstream, type JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";

/**
 * Notifies of each incident, once: by one instance. Another one is refused ("consumer is already bound") while this one
 * is there, and can take over when it is gone.
 */
export async function notifications(nc: NatsConnection, notify: (incident: JsMsg) => Promise<void>): Promise<void> {
  // Not getBoundPushConsumer, which subscribes beside another instance: both would get every message. Two that start at
  // the same moment may both find it free: run one replica, and end it before its successor starts.
  const consumer = await jetstream(nc).consumers.getPushConsumer("ALERTS_INCIDENTS", "NOTIFICATIONS");
  for await (const incident of await consumer.consume()) {
    try {
      await notify(incident);
      incident.ack();
    } catch {
      // The waits of its backoff: a plain nak() would be delivered at once.
      incident.nak(waits[incident.info.deliveryCount - 1] ?? waits.at(-1));
    }
  }
}

const waits = [30_000, 60_000, 120_000, 300_000];
