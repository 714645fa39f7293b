import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { ask } from "./accounts";
import { requestMs, waitMs } from "./limits";
import { untilAnswered } from "./publisher";

/** What publishers of one subject were told. */
interface Acknowledged {
  count: number;
  /** Streams that stored it, in the order in which they first did. */
  streams: string[];
  /** Messages that no stream captured, after the first that one did. */
  refused: number;
}

/** Publishes to subjects, one message after another for each, and counts what is acknowledged. */
export class Acknowledgements {
  private endsBy: number | undefined;
  private readonly running: Promise<void>[];
  private readonly taken = new Map<string, Acknowledged>();

  constructor(
    private readonly connection: NatsConnection,
    subjects: string[],
    /** Pause between two messages, in ms. */
    private readonly everyMs = 5,
  ) {
    this.running = subjects.map((subject) => this.publish(subject));
  }

  of = (subject: string): Acknowledged => this.taken.get(subject)!;

  /** Waits until a message of each subject is acknowledged. */
  async begun(): Promise<void> {
    const isTaken = () => [...this.taken.values()].every(({ count }) => count > 0);
    if (!(await pollUntil(isTaken, waitMs))) throw new Error("a subject's messages are not acknowledged");
  }

  /** Ends when one more message of each subject is acknowledged, or after `waitMs`. */
  async stop(): Promise<void> {
    this.endsBy = Date.now() + waitMs;
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
    // What reaches a server in the moment of a change, or of a stream's election, may get no answer. It is sent again.
    const client = jetstream(this.connection, { timeout: Math.min(requestMs, 2_000) });
    const isOver = () => Date.now() >= (this.endsBy ?? Infinity);
    for (let index = 0; !isOver(); index++, await sleep(this.everyMs)) {
      const isLast = this.endsBy !== undefined;
      const send = () => client.publish(subject, "x", { retries: 0, msgID: `${subject} ${index}` });
      const sent = await untilAnswered(send, isOver).catch(() => undefined);
      if (!sent) {
        // Not every server knows a new stream's subjects at once.
        if (taken.count > 0) taken.refused++;
        continue;
      }
      taken.count++;
      if (!taken.streams.includes(sent.stream)) taken.streams.push(sent.stream);
      if (isLast) return;
    }
  }
}
