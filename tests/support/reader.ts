import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { waitMs } from "./limits";

/** Reads and acknowledges messages of a durable all the time, whatever happens to servers. */
export class Reader {
  /** Texts of messages that were delivered. */
  readonly texts = new Set<string>();
  private running: Promise<void> | undefined;
  private isStopped = false;

  constructor(private readonly connection: NatsConnection) {}

  start(stream: string, durable: string): void {
    this.running = (async () => {
      while (!this.isStopped) {
        try {
          const consumer = await jetstream(this.connection).consumers.get(stream, durable);
          for await (const message of await consumer.fetch({ max_messages: 50, expires: 1_000 })) {
            this.texts.add(message.string());
            message.ack();
          }
        } catch {
          // Its leader changes.
          await sleep(100);
        }
      }
    })();
  }

  /** Texts of these that it does not get, however long it waits. */
  async missing(texts: string[]): Promise<string[]> {
    const left = () => texts.filter((text) => !this.texts.has(text));
    await pollUntil(() => left().length === 0, waitMs);
    return left();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }
}
