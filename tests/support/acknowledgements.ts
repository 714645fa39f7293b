import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { ask } from "./accounts";
import { requestMs } from "./limits";

/** What publishers of one subject were told. */
export interface Acknowledged {
  count: number;
  /** Streams that stored it, in the order in which they first did. */
  streams: string[];
  /** Messages that no stream captured. */
  refused: number;
}

/** Publishes to subjects, one message after another for each, and counts what is acknowledged. */
export class Acknowledgements {
  private isOver = false;
  private readonly running: Promise<void>[];
  private readonly taken = new Map<string, Acknowledged>();

  constructor(
    private readonly connection: NatsConnection,
    subjects: string[],
  ) {
    this.running = subjects.map((subject) => this.publish(subject));
  }

  of = (subject: string): Acknowledged => this.taken.get(subject)!;

  async stop(): Promise<void> {
    // A last message for each, once everything has changed.
    await sleep(100);
    this.isOver = true;
    await Promise.all(this.running);
  }

  /** How many messages of a subject these streams hold. */
  async stored(subject: string, streams: string[]): Promise<number> {
    const counts = await Promise.all(
      streams.map(async (stream) => {
        const { state } = (await ask(this.connection, `STREAM.INFO.${stream}`, { subjects_filter: subject })) as {
          state: { subjects?: Record<string, number> };
        };
        return state.subjects?.[subject] ?? 0;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  private async publish(subject: string): Promise<void> {
    const taken: Acknowledged = { count: 0, streams: [], refused: 0 };
    this.taken.set(subject, taken);
    // One that reaches a server in the moment of a change may get no answer: it is sent again.
    const client = jetstream(this.connection, { timeout: Math.min(requestMs, 2_000) });
    for (let index = 0; !this.isOver; index++, await sleep(5)) {
      const sent = await client
        .publish(subject, "x", { retries: 0, msgID: `${subject} ${index}` })
        .catch(() => undefined);
      if (!sent) {
        taken.refused++;
        continue;
      }
      taken.count++;
      if (!taken.streams.includes(sent.stream)) taken.streams.push(sent.stream);
    }
  }
}
