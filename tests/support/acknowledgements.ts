import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { requestMs, waitMs } from "./limits";
import { lostFrom, untilAnswered } from "./publisher";

/** What publishers of one subject were told. */
interface Acknowledged {
  /** By stream, in the order in which they first stored one: texts of messages by their sequence. */
  stored: Map<string, Map<number, string>>;
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

  /** How many messages of a subject no stream captured, after the first that one did. */
  refused = (subject: string): number => this.taken.get(subject)!.refused;

  /** Streams that stored messages of a subject, in the order in which they first did. */
  streams = (subject: string): string[] => [...this.taken.get(subject)!.stored.keys()];

  /** Waits until a message of each subject is acknowledged. */
  async begun(): Promise<void> {
    const isTaken = () => [...this.taken.values()].every(({ stored }) => stored.size > 0);
    if (!(await pollUntil(isTaken, waitMs))) throw new Error("a subject's messages are not acknowledged");
  }

  /** Ends when one more message of each subject is acknowledged, or after `waitMs`. */
  async stop(): Promise<void> {
    this.endsBy = Date.now() + waitMs;
    await Promise.all(this.running);
  }

  /**
   * Acknowledged messages of a subject that are not where they were stored. A stream may hold more than were
   * acknowledged: what got no answer and was sent again may be in both streams between which its subject moved.
   */
  async lost(subject: string): Promise<string[]> {
    const { stored } = this.taken.get(subject)!;
    const lost = await Promise.all([...stored].map(([stream, texts]) => lostFrom(this.connection, stream, texts)));
    return lost.flat();
  }

  private async publish(subject: string): Promise<void> {
    const taken: Acknowledged = { stored: new Map(), refused: 0 };
    this.taken.set(subject, taken);
    // What reaches a server in the moment of a change, or of a stream's election, may get no answer. It is sent again.
    const client = jetstream(this.connection, { timeout: Math.min(requestMs, 2_000) });
    const isOver = () => Date.now() >= (this.endsBy ?? Infinity);
    for (let index = 0; !isOver(); index++, await sleep(this.everyMs)) {
      const isLast = this.endsBy !== undefined;
      const text = `${subject} ${index}`;
      const send = () => client.publish(subject, text, { retries: 0, msgID: text });
      const sent = await untilAnswered(send, isOver).catch(() => undefined);
      if (!sent) {
        // Not every server knows a new stream's subjects at once.
        if (taken.stored.size > 0) taken.refused++;
        continue;
      }
      const texts = taken.stored.get(sent.stream) ?? new Map<number, string>();
      taken.stored.set(sent.stream, texts.set(sent.seq, text));
      if (isLast) return;
    }
  }
}
