import { setTimeout as sleep } from "node:timers/promises";
import { type ConsumerInfo, JetStreamApiError } from "@nats-io/jetstream";
import { type JetStreamClientImpl, jserrors } from "@nats-io/jetstream/internal";
import { RequestError, TimeoutError } from "@nats-io/transport-node";

const pause = 500;

/** Error codes for what is missing (nats-server, server/errors.json). */
const missing: readonly number[] = [10014, 10059];

/** Whether the server answered that the durable or its stream is not there. */
export const isMissing = (error: unknown): boolean =>
  error instanceof JetStreamApiError && missing.includes(error.code);

/** Whether JetStream cannot answer for now: while its servers elect a leader, or wait for those of other regions. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof TimeoutError ||
  error instanceof RequestError ||
  error instanceof jserrors.JetStreamNotEnabled ||
  (error instanceof JetStreamApiError && error.status === 503);

/**
 * Asks for a durable until there is an answer; no answer comes while its leader is being elected.
 *
 * @param again decides for each error whether to ask again
 * @throws the error for which it was not to ask again
 */
export async function lookUp(
  client: JetStreamClientImpl,
  { stream, durable }: { stream: string; durable: string },
  again: (error: unknown) => boolean,
): Promise<ConsumerInfo> {
  for (;;) {
    try {
      return await client.consumerAPI.info(stream, durable);
    } catch (error) {
      if (!again(error)) throw error;
      await sleep(pause);
    }
  }
}
