import { type Ask, commonEnd, nextMessage, originSequence } from "../stream/messages";
import type { StreamInfo } from "../stream/stack-account";

/** A stream that gave its subjects to its mirror, and the former mirror, which has been a stream of its own since. */
export interface SubjectHandover {
  predecessor: StreamInfo;
  successor: StreamInfo;
}

export interface Stragglers {
  /** Last sequence, the same in both streams, up to which they hold the same messages. */
  common: number;
  /** Sequences after it, in the predecessor, of messages that the successor lacks. */
  sequences: number[];
}

/**
 * Messages that a stream stored after its subjects had been taken away: a server that had not heard of it yet stored
 * and acknowledged them. Without those that the successor has collected since.
 */
export async function findStragglers(ask: Ask, { predecessor, successor }: SubjectHandover): Promise<Stragglers> {
  const [from, to] = [predecessor.config.name!, successor.config.name!];
  const common = await commonEnd(ask, { name: to, info: successor }, { name: from, info: predecessor });
  const own: number[] = [];
  for (
    let message = await nextMessage(ask, from, common + 1);
    message;
    message = await nextMessage(ask, from, message.seq + 1)
  )
    own.push(message.seq);
  const collected = new Set<number | undefined>();
  // Newer messages are read one by one, but only if there is something to look for.
  for (
    let message = own.length ? await nextMessage(ask, to, common + 1) : undefined;
    message;
    message = await nextMessage(ask, to, message.seq + 1)
  ) {
    collected.add(originSequence(message, from));
  }
  return { common, sequences: own.filter((seq) => !collected.has(seq)) };
}
