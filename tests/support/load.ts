import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { requestMs } from "./limits";

/** How often messages are sent off. */
const tickMs = 10;
/** A server that is restarted has handed over by then. */
const timeoutMs = 10_000;

/** Publishes to streams at a rate, many messages at once, each with an id of its own; knows which were acknowledged. */
export class Load {
  private readonly acknowledged = new Map<string, Set<string>>();
  private readonly refused = new Map<string, number>();
  private readonly inFlight = new Set<Promise<void>>();
  private isStopped = false;
  private running?: Promise<void>;
  private sent = 0;

  /** @param perSecond messages a second to each stream */
  constructor(
    private readonly connection: NatsConnection,
    private readonly perSecond: number,
  ) {}

  /** `subjects`: one by stream. */
  start(subjects: Record<string, string>): void {
    for (const stream of Object.keys(subjects)) this.acknowledged.set(stream, new Set());
    const started = Date.now();
    this.running = (async () => {
      while (!this.isStopped) {
        const due = Math.floor(((Date.now() - started) * this.perSecond) / 1000);
        for (; this.sent < due; this.sent++)
          for (const [stream, subject] of Object.entries(subjects))
            this.publish(stream, subject, `${stream} ${this.sent}`);
        await sleep(tickMs);
      }
      await Promise.all(this.inFlight);
    })();
  }

  /** Done when every message that was sent is acknowledged or given up. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  /** How many messages a stream acknowledged. */
  count = (stream: string): number => this.acknowledged.get(stream)!.size;

  /** How many it did not; no test relies on those. */
  unanswered = (stream: string): number => this.refused.get(stream) ?? 0;

  /** Ids that a stream acknowledged and does not have. `reader` may make consumers and take their messages. */
  async lost(stream: string, reader: NatsConnection): Promise<string[]> {
    const missing = new Set(this.acknowledged.get(stream));
    const consumer = await jetstream(reader, { timeout: requestMs }).consumers.get(stream);
    for (let pending: number | undefined; pending !== 0;) {
      let taken = 0;
      for await (const message of await consumer.fetch({ max_messages: 5_000, expires: 10_000 })) {
        missing.delete(message.string());
        pending = message.info.pending;
        taken++;
      }
      if (taken === 0) throw new Error(`${stream} gives no messages, with ${pending ?? "all"} to come`);
    }
    return [...missing];
  }

  private publish(stream: string, subject: string, id: string): void {
    const done = jetstream(this.connection, { timeout: timeoutMs })
      .publish(subject, id, { msgID: id, retries: 0 })
      .then(
        () => void this.acknowledged.get(stream)!.add(id),
        () => void this.refused.set(stream, this.unanswered(stream) + 1),
      )
      .finally(() => this.inFlight.delete(done));
    this.inFlight.add(done);
  }
}
