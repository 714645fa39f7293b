import { ApiError } from "../../jetstream/errors";
import type { Ask } from "../../operations/stream/messages";
import type { StreamInfo } from "../../operations/stream/stack-account";

/**
 * A message of a fake stream: its sequence, when it was first stored, the stream and sequence it came from, and its id.
 */
export interface FakeMessage {
  seq: number;
  time: string;
  from?: [stream: string, seq: number];
  id?: string;
}

/** Messages with these sequences, each with a time of its own that `written` makes the stream's. */
export const messages = (written: string, ...sequences: number[]): FakeMessage[] =>
  sequences.map((seq) => ({ seq, time: `${written} ${seq}` }));

/** JetStream's answers about streams that hold these messages; `asked` are the requests so far. */
export function fakeMessages(streams: Record<string, FakeMessage[]>): { ask: Ask; asked: string[] } {
  const asked: string[] = [];
  const wire = ({ seq, time, from, id }: FakeMessage) => {
    const headers = [
      ...(id ? [`Nats-Msg-Id: ${id}`] : []),
      ...(from ? [`Nats-Stream-Source: ${from[0]}:hash ${from[1]} > > s.x`] : []),
    ];
    const text = ["NATS/1.0", ...headers, "", ""].join("\r\n");
    return { seq, time, subject: "s.x", ...(headers.length && { hdrs: Buffer.from(text).toString("base64") }) };
  };
  const ask = async (subject: string, payload: unknown) => {
    asked.push(subject);
    const held = streams[subject.split(".").at(-1)!]!;
    if (subject.startsWith("STREAM.INFO")) return { state: stateOf(held) };
    const { seq, next_by_subj: next, last_by_subj: last } = payload as Record<string, unknown>;
    const found = last ? held.at(-1) : held.find((one) => (next ? one.seq >= (seq as number) : one.seq === seq));
    if (!found) throw new ApiError(subject, 404, 10037, "no message found");
    return { message: wire(found) };
  };
  return { ask: ask as Ask, asked };
}

const stateOf = (held: FakeMessage[]) => {
  const [first, last] = [held[0]?.seq ?? 1, held.at(-1)?.seq ?? 0];
  const all = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  const deleted = all.filter((seq) => !held.some((one) => one.seq === seq));
  return { messages: held.length, bytes: 0, first_seq: first, last_seq: last, deleted };
};

/** What a server reports of a stream with these messages. */
export const fakeInfo = (name: string, held: FakeMessage[]): StreamInfo =>
  ({ config: { name }, ts: "", state: stateOf(held) }) as unknown as StreamInfo;
