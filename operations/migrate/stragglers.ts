import { type Ask, commonEnd, nextMessage, originSequence } from "../failover/messages";
import type { StreamInfo } from "../stream/stack-account";

/** A stream that was left for its mirror, and the mirror that is a stream of its own since. */
export interface Left {
  left: StreamInfo;
  successor: StreamInfo;
}

export interface Late {
  /** Up to here, in the sequences of both, they hold the same. */
  common: number;
  /** Sequences behind that which only the one has that was left. */
  sequences: number[];
}

/**
 * Messages that a stream stored after it had been left: a server that had not heard of it yet took them in and acknowledged them. Those
 * that its successor has collected since are not among them.
 */
export async function lateMessages(ask: Ask, { left, successor }: Left): Promise<Late> {
  const [from, to] = [left.config.name as string, successor.config.name as string];
  const common = await commonEnd(ask, { name: to, info: successor }, { name: from, info: left });
  const own: number[] = [];
  for (
    let message = await nextMessage(ask, from, common + 1);
    message;
    message = await nextMessage(ask, from, message.seq + 1)
  )
    own.push(message.seq);
  const collected = new Set<number | undefined>();
  // What came meanwhile is looked at one by one, but only if there is something to look for.
  for (
    let message = own.length ? await nextMessage(ask, to, common + 1) : undefined;
    message;
    message = await nextMessage(ask, to, message.seq + 1)
  ) {
    collected.add(originSequence(message, from));
  }
  return { common, sequences: own.filter((seq) => !collected.has(seq)) };
}
