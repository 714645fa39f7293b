import { ApiError } from "../../jetstream/errors";
import type { StreamInfo } from "./stack-account";

/** What the messages themselves say of where they came from. */

/** Asks JetStream, without its prefix. */
export type Ask = <T>(subject: string, payload: unknown) => Promise<T>;

interface Message {
  seq: number;
  subject: string;
  /** RFC 3339, to the nanosecond. */
  time: string;
  /** Base64. */
  hdrs?: string;
}

const noSuchMessage = 10037;

async function getMessage(ask: Ask, stream: string, which: object): Promise<Message | undefined> {
  try {
    return (await ask<{ message: Message }>(`STREAM.MSG.GET.${stream}`, which)).message;
  } catch (error) {
    if (error instanceof ApiError && error.errCode === noSuchMessage) return undefined;
    throw error;
  }
}

export const nextMessage = (ask: Ask, stream: string, seq: number) =>
  getMessage(ask, stream, { seq: Math.max(1, seq), next_by_subj: ">" });

/** Sequence that a message had in the stream it was collected from; undefined if it came from elsewhere. */
export function originSequence({ hdrs }: Pick<Message, "hdrs">, origin: string): number | undefined {
  if (!hdrs) return undefined;
  // `<stream>[:<hash>] <sequence> <filter> <transform> <subject>`. Source: server/stream.go, genSourceHeader.
  const [, source, seq] = /^Nats-Stream-Source: ?(\S+) (\d+)/im.exec(Buffer.from(hdrs, "base64").toString()) ?? [];
  return source?.split(":")[0] === origin ? Number(seq) : undefined;
}

/**
 * The mirror's sequence of the last message that came back, behind what the stream had of its own; undefined when
 * none has.
 */
export async function lastReturned(ask: Ask, stream: string, mirror: string, own: number): Promise<number | undefined> {
  const message = await getMessage(ask, stream, { last_by_subj: ">" });
  return message && message.seq > own ? originSequence(message, mirror) : undefined;
}

/** Whether the mirror has no message behind a sequence. */
export const hasNothingAfter = async (ask: Ask, mirror: string, seq: number): Promise<boolean> =>
  (await nextMessage(ask, mirror, seq + 1)) === undefined;

/**
 * Last sequence up to which both streams hold the same: a mirror keeps the time at which its origin stored a
 * message, and what either stored by itself differs in that. Where it cannot be told it is too low: then messages
 * come twice, and none is lost.
 */
export async function commonEnd(
  ask: Ask,
  stream: { name: string; info: StreamInfo },
  mirror: { name: string; info: StreamInfo },
): Promise<number> {
  const first = stream.info.state.first_seq;
  const isSame = async (copy: Message): Promise<boolean> => {
    // What the stream has let go by its limits was the same.
    if (copy.seq < first) return true;
    const own = await getMessage(ask, stream.name, { seq: copy.seq });
    return own !== undefined && own.time === copy.time && own.subject === copy.subject;
  };
  let [low, high] = [0, Math.min(stream.info.state.last_seq, mirror.info.state.last_seq)];
  const last = high > 0 ? await getMessage(ask, mirror.name, { seq: high }) : undefined;
  if (last && (await isSame(last))) return high;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const copy = await nextMessage(ask, mirror.name, middle);
    if (copy && copy.seq <= high && (await isSame(copy))) low = copy.seq;
    else high = middle - 1;
  }
  return low;
}

/** First sequence, among those that came back, of what was behind a sequence of the mirror. */
export async function firstReturnedAfter(
  ask: Ask,
  stream: string,
  mirror: string,
  seq: number,
  { own, end }: { own: number; end: number },
): Promise<number> {
  let [low, high] = [own + 1, end + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await nextMessage(ask, stream, middle);
    if (!message || message.seq > end || (originSequence(message, mirror) ?? Infinity) > seq) high = middle;
    else low = message.seq + 1;
  }
  return low;
}

/** How many messages a stream holds behind a sequence. */
export async function countAfter(ask: Ask, stream: string, seq: number): Promise<number> {
  const { state } = await ask<{ state: StreamInfo["state"] & { deleted?: number[] | null } }>(`STREAM.INFO.${stream}`, {
    deleted_details: true,
  });
  const { first_seq, last_seq, deleted } = state;
  const from = Math.max(seq, first_seq - 1);
  return Math.max(0, last_seq - from) - (deleted ?? []).filter((gap) => gap > from).length;
}
