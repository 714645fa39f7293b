import pLimit from "p-limit";
import { ApiError } from "../../jetstream/errors";
import type { StreamInfo } from "./stack-account";

/** Sends a request of the JetStream API; the subject is without `$JS.API.`. Throws ApiError when it is refused. */
export type Ask = <T>(subject: string, payload: unknown) => Promise<T>;

interface Message {
  seq: number;
  subject: string;
  /** RFC 3339, to the nanosecond. */
  time: string;
  /** Base64. */
  hdrs?: string;
}

/** Error code of nats-server: JSNoMessageFoundErr. */
const noSuchMessage = 10037;

async function getMessage(ask: Ask, stream: string, which: object): Promise<Message | undefined> {
  try {
    return (await ask<{ message: Message }>(`STREAM.MSG.GET.${stream}`, which)).message;
  } catch (error) {
    if (error instanceof ApiError && error.errCode === noSuchMessage) return undefined;
    throw error;
  }
}

/** First message at or after a sequence; undefined when there is none. */
export const nextMessage = (ask: Ask, stream: string, seq: number) =>
  getMessage(ask, stream, { seq: Math.max(1, seq), next_by_subj: ">" });

/** Sequence that a message had in `origin`, the stream from which it was sourced; undefined if it is not from there. */
export function originSequence({ hdrs }: Pick<Message, "hdrs">, origin: string): number | undefined {
  if (!hdrs) return undefined;
  // `<stream>[:<hash>] <sequence> <filter> <transform> <subject>`. Source: server/stream.go, genSourceHeader.
  const [, source, seq] = /^Nats-Stream-Source: ?(\S+) (\d+)/im.exec(Buffer.from(hdrs, "base64").toString()) ?? [];
  return source?.split(":")[0] === origin ? Number(seq) : undefined;
}

/**
 * The mirror's sequence of the last message that was copied back into the stream; undefined when none was.
 * @param own last sequence that the stream had before messages were copied back
 */
export async function lastReturned(ask: Ask, stream: string, mirror: string, own: number): Promise<number | undefined> {
  const message = await getMessage(ask, stream, { last_by_subj: ">" });
  return message && message.seq > own ? originSequence(message, mirror) : undefined;
}

/** The mirror's sequence of the message that has a sequence in the stream; undefined when it is not from there. */
export async function returnedAt(ask: Ask, stream: string, mirror: string, seq: number): Promise<number | undefined> {
  const message = await getMessage(ask, stream, { seq });
  return message && originSequence(message, mirror);
}

/** A message by what identifies it. */
export interface Identity {
  seq: number;
  /** Sequence in the stream that it was sourced from; undefined: it was published to the stream itself. */
  origin?: number;
  /** `Nats-Msg-Id`, where its publisher gave one. */
  id?: string;
}

const atOnce = 64;

/**
 * What a stream holds after a sequence, in order, as far as its leader has stored it now. Reads every message: for the
 * last ones, not for all.
 *
 * @param origin stream from which messages may have been sourced
 */
export async function identitiesAfter(ask: Ask, stream: string, seq: number, origin: string): Promise<Identity[]> {
  const { state } = await ask<{ state: StreamInfo["state"] }>(`STREAM.INFO.${stream}`, {});
  const limit = pLimit(atOnce);
  const first = Math.max(seq + 1, state.first_seq);
  const found = await Promise.all(
    Array.from({ length: Math.max(0, state.last_seq + 1 - first) }, (_, index) =>
      limit(() => getMessage(ask, stream, { seq: first + index })),
    ),
  );
  return found.flatMap((message) =>
    message ? [{ seq: message.seq, origin: originSequence(message, origin), id: idOf(message) }] : [],
  );
}

const idOf = ({ hdrs }: Pick<Message, "hdrs">): string | undefined =>
  hdrs && /^Nats-Msg-Id: ?(.*?)\r?$/im.exec(Buffer.from(hdrs, "base64").toString())?.[1];

/**
 * Last sequence up to which both streams hold the same messages. A mirror keeps the time at which its origin stored a
 * message; messages that either stored by itself differ in that. Where messages are missing the result may be too low:
 * then messages are delivered twice, and none is lost.
 */
export async function commonEnd(
  ask: Ask,
  stream: { name: string; info: StreamInfo },
  mirror: { name: string; info: StreamInfo },
): Promise<number> {
  const first = stream.info.state.first_seq;
  const isSame = async (copy: Message): Promise<boolean> => {
    // Messages that the stream has removed by its limits were the same.
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

/**
 * Sequence, in the stream, of the first message that was copied back and that the mirror stored after `seq`.
 * @param own last sequence that the stream had before messages were copied back
 * @param end last sequence to look at; the result is `end + 1` when there is none
 */
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

/** How many messages a stream holds after a sequence. */
export async function countAfter(ask: Ask, stream: string, seq: number): Promise<number> {
  const { state } = await ask<{ state: StreamInfo["state"] & { deleted?: number[] | null } }>(`STREAM.INFO.${stream}`, {
    deleted_details: true,
  });
  const { first_seq, last_seq, deleted } = state;
  const from = Math.max(seq, first_seq - 1);
  return Math.max(0, last_seq - from) - (deleted ?? []).filter((gap) => gap > from).length;
}
