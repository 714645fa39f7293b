import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type NatsConnection, TimeoutError } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { waitMs } from "./limits";

/** Sends what may be sent twice until it has an answer, or `isOver`: then without one it fails. */
export async function untilAnswered<T>(send: () => Promise<T>, isOver: () => boolean): Promise<T> {
  for (;;) {
    const sent = await send().catch((error: Error) => {
      if (error instanceof TimeoutError && !isOver()) return undefined;
      throw error;
    });
    if (sent) return sent;
  }
}

/** Those of a stream's acknowledged messages, texts by sequence, that are not in it any more or say something else. */
export async function lostFrom(
  nc: NatsConnection,
  stream: string,
  acknowledged: ReadonlyMap<number, string>,
): Promise<string[]> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const lost = await Promise.all(
    [...acknowledged].map(async ([seq, text]) => {
      const look = () =>
        manager.streams.getMessage(stream, { seq }).then(
          (message) => ({ message }),
          () => undefined,
        );
      const found = await pollUntil(look, waitMs);
      if (!found) throw new Error(`no server answers what ${stream} has at ${seq}`);
      return found.message?.string() === text ? [] : [text];
    }),
  );
  return lost.flat();
}

/** Publishes to streams all the time, whatever happens to servers, and knows what was acknowledged. */
export class Publisher {
  /** By stream: sequence and text of each acknowledged message. */
  private readonly acknowledged = new Map<string, Map<number, string>>();
  /** Why messages were not acknowledged: what servers answered. */
  readonly refused: string[] = [];
  private running: Promise<void>[] = [];
  private isStopped = false;

  /** `reader`: a connection that may read messages. Default: the one that publishes. */
  constructor(
    private readonly connection: NatsConnection,
    private readonly reader = connection,
  ) {}

  /**
   * Publishes until `stop`, with `pauseMs` after each message; done when the first is acknowledged. A message without
   * an answer within `timeoutMs` is sent again, with the same id: a busy machine may lose a stream's leader. `as` tells
   * several publishers to a stream apart.
   */
  async start(stream: string, subject: string, { pauseMs = 50, timeoutMs = 1_000, as = stream } = {}): Promise<void> {
    const sequences = new Map<number, string>();
    this.acknowledged.set(stream, sequences);
    const client = jetstream(this.connection, { timeout: timeoutMs });
    const publish = async (text: string): Promise<void> => {
      const send = () => client.publish(subject, text, { msgID: text });
      const { seq } = await untilAnswered(send, () => this.isStopped);
      sequences.set(seq, text);
    };
    const isTaken = () =>
      publish(`${as} 0`).then(
        () => true,
        () => undefined,
      );
    if (!(await pollUntil(isTaken, waitMs))) throw new Error(`${stream} takes no messages`);
    this.running.push(
      (async () => {
        for (let count = 1; !this.isStopped; count++) {
          // What is not acknowledged was perhaps not stored: no test relies on it.
          await publish(`${as} ${count}`).catch((error: Error) => this.refused.push(error.message));
          await sleep(pauseMs);
        }
      })(),
    );
  }

  /** How many messages of a stream were acknowledged. */
  count = (stream: string): number => this.acknowledged.get(stream)?.size ?? 0;

  /** Texts of a stream's acknowledged messages. */
  texts = (stream: string): string[] => [...(this.acknowledged.get(stream)?.values() ?? [])];

  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.running);
    this.running = [];
    this.isStopped = false;
  }

  /** Acknowledged messages of a stream that are not in it any more, or say something else. */
  lost = (stream: string): Promise<string[]> =>
    lostFrom(this.reader, stream, this.acknowledged.get(stream) ?? new Map<number, string>());
}
