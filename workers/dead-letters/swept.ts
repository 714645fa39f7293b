import type { JetStreamManager, StreamInfo } from "@nats-io/jetstream";
import { type NatsConnection, TimeoutError } from "@nats-io/transport-node";
import { deadLetterNames, isNoResponders, sweptLabel } from "../messaging";

/**
 * Streams that hold a message until it is acknowledged: work queues, and those of interest. The deployment writes them
 * to the stream of events, where they change while the collector runs.
 */
export class SweptStreams {
  private known: readonly string[] = [];

  get names(): readonly string[] {
    return this.known;
  }

  /** Reads them again; returns what is known of the stream of events. */
  async read(manager: JetStreamManager): Promise<StreamInfo> {
    const events = await manager.streams.info(deadLetterNames.events);
    this.known = (events.config.metadata?.[sweptLabel] ?? "").split(" ").filter((name) => name !== "");
    return events;
  }
}

const timeout = 5_000;

/**
 * Removes a message that a durable gave up by acknowledging its delivery: to delete it would take it from the other
 * durables of an interest stream, too.
 *
 * @returns false where the durable is gone, or was made again and has not come to the message yet (it gives no answer)
 */
export async function remove(
  connection: NatsConnection,
  { stream, durable, sequence }: { stream: string; durable: string; sequence: number },
): Promise<boolean> {
  try {
    // Deliveries, sequence in the stream, in the durable, time, pending: the server looks at the second alone.
    await connection.request(`$JS.ACK.${stream}.${durable}.1.${sequence}.1.0.0`, "+ACK", { timeout });
    return true;
  } catch (error) {
    if (error instanceof TimeoutError || isNoResponders(error)) return false;
    throw error;
  }
}
