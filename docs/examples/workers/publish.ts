import { jetstream, type JetStreamPublishOptions, type PubAck } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";

/**
 * Publishes so that a rolling restart of servers is not noticed (docs/clients.md).
 *
 * @param id the same for every attempt to publish this message: a repeated one is stored once
 */
export const publish = (nc: NatsConnection, subject: string, data: string, id: string): Promise<PubAck> =>
  jetstream(nc).publish(subject, data, { ...throughRestarts, msgID: id });

/** Ten attempts, also after "no responders", with waits of about ten seconds in all. Without `retries` there is one. */
const throughRestarts: Partial<JetStreamPublishOptions> = { retries: 10, timeout: 2_000 };
