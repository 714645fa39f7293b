import { setTimeout as sleep } from "node:timers/promises";
import type { ConsumerInfo, ConsumerMessages } from "@nats-io/jetstream";
import type { JetStreamClientImpl } from "@nats-io/jetstream/internal";
import type { Source, SourceEvents } from "./source";

/**
 * A client that is connected to another region shows after so many milliseconds (measured: 1,013; the server looks
 * once a second).
 */
const untilSeen = 1_500;

/**
 * Subscribes to what a durable pushes. The server decides how many messages come: at most the durable's
 * `max_ack_pending`.
 *
 * A durable without a group takes one client: another one, which would get every message too, is refused. Two that
 * start within the same second may both find it free: run one replica, and end it before its successor starts.
 */
export class PushSource implements Source {
  private isStopped = false;

  private constructor(
    private readonly messages: ConsumerMessages,
    events: SourceEvents,
  ) {
    void this.watch(events);
  }

  /** @throws Error where another client is bound */
  static async start(client: JetStreamClientImpl, info: ConsumerInfo, events: SourceEvents): Promise<PushSource> {
    const { stream_name: stream, name, config } = info;
    // The lookup that led here may be too old, and the next one has to be new.
    if (!info.push_bound && !config.deliver_group) await sleep(untilSeen);
    const consumer = await client.consumers.getPushConsumer(stream, name);
    try {
      return new PushSource(await consumer.consume({ callback: events.message }), events);
    } catch (error) {
      throw new Error(
        `cannot bind to push durable ${name} of stream ${stream}: ${(error as Error).message}. ` +
          "Each of two workers would process every message: stop the other one, or make it a pull durable",
        { cause: error },
      );
    }
  }

  refill(): void {
    // The server sends by itself.
  }

  renew(): void {
    // The subscription is to a subject, whatever durable sends there.
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.messages.close();
  }

  private async watch(events: SourceEvents): Promise<void> {
    for await (const { type } of this.messages.status())
      if (!this.isStopped && (type === "consumer_deleted" || type === "heartbeats_missed")) events.doubt(type);
  }
}
