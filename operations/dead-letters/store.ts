import { JetStreamApiError, JetStreamError, jetstream, jetstreamManager, type StoredMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { deadLetterNames } from "../../workers/messaging/contract";
import { type DeadLetter, headersOfReplay, letterOf, letterSubject, type ReplayTarget } from "./letter";
import { filterOf, isSelected, type Selection, sinceOf } from "./selection";

/** The dead letters of one account. Every request has a deadline of 10 s. */
export interface DeadLetterStore {
  /** In the order in which they were given up. */
  letters(selection: Selection): AsyncIterable<DeadLetter>;
  /** The newest copy with this id; undefined if there is none. */
  find(id: string): Promise<DeadLetter | undefined>;
  /** Whether the durable of REPLAYS exists. */
  isTarget(durable: string): Promise<boolean>;
  /** The message that a letter is a copy of; undefined if its stream has it no longer. */
  original(letter: DeadLetter): Promise<Uint8Array | undefined>;
  /** Sends a letter again. Once: a second time within 24 h is a duplicate to the server. */
  replay(letter: DeadLetter, target: ReplayTarget, data: Uint8Array): Promise<void>;
  /** Deletes the copy. Whether it was there. */
  remove(letter: DeadLetter): Promise<boolean>;
  /** Advisories that the collector has not dealt with yet. */
  backlog(): Promise<number>;
}

const deadlineMs = 10_000;

/** Letters of one request. */
const page = { batch: 256, max_bytes: 4 * 1024 ** 2 } as const;

/** Error codes: no message (10037), no consumer (10014), no such message to delete (10057, 10043). */
const missing: readonly number[] = [10037, 10014, 10057, 10043];

/** `undefined` for what the server says is not there. */
async function found<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof JetStreamApiError && missing.includes(error.code)) return undefined;
    throw error;
  }
}

/** Status 404: nothing matches, or nothing more. */
const isNothing = (error: unknown): boolean => error instanceof JetStreamError && "code" in error && error.code === 404;

export async function deadLetterStore(connection: NatsConnection): Promise<DeadLetterStore> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: deadlineMs });
  const js = jetstream(connection, { timeout: deadlineMs });
  const { copies, replays, events, collector } = deadLetterNames;

  async function pageFrom(seq: number, start: Date | undefined, filter: string): Promise<StoredMsg[]> {
    const from = start ? { start_time: start } : { seq };
    const answers = await manager.direct.getBatch(copies, { ...from, next_by_subj: filter, ...page });
    const timer = setTimeout(
      () => answers.stop(new Error(`${copies} did not answer within ${deadlineMs / 1000} s; try again`)),
      deadlineMs,
    );
    const messages: StoredMsg[] = [];
    try {
      for await (const message of answers) {
        timer.refresh();
        messages.push(message);
      }
    } catch (error) {
      if (!isNothing(error)) throw error;
    } finally {
      clearTimeout(timer);
    }
    return messages;
  }

  return {
    async *letters(selection) {
      let start = sinceOf(selection);
      for (let next = 1; ;) {
        const messages = await pageFrom(next, start, filterOf(selection));
        for (const message of messages) {
          const letter = letterOf(message);
          if (isSelected(letter, selection)) yield letter;
        }
        const last = messages.at(-1);
        if (!last) return;
        next = last.seq + 1;
        start = undefined;
      }
    },
    async find(id) {
      const message = await found(manager.streams.getMessage(copies, { last_by_subj: letterSubject(id) }));
      return message ? letterOf(message) : undefined;
    },
    async isTarget(durable) {
      return (await found(manager.consumers.info(replays, durable))) !== undefined;
    },
    async original({ stream, streamSequence, subject }) {
      const message = await found(manager.streams.getMessage(stream, { seq: streamSequence }));
      return message?.subject === subject ? message.data : undefined;
    },
    async replay(letter, { subject }, data) {
      await js.publish(subject, data, {
        headers: headersOfReplay(letter),
        msgID: `${letter.id}#${letter.sequence}`,
        timeout: deadlineMs,
        retries: 3,
      });
    },
    async remove({ sequence }) {
      return (await found(manager.streams.deleteMessage(copies, sequence, false))) ?? false;
    },
    async backlog() {
      const { num_pending, num_ack_pending } = await manager.consumers.info(events, collector);
      return num_pending + num_ack_pending;
    },
  };
}
