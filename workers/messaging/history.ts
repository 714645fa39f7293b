import { setTimeout as sleep } from "node:timers/promises";
import type { Msg, MsgHdrs, NatsConnection } from "@nats-io/transport-node";
import { growingDelay } from "./consumer/backoff";
import { isNoResponders } from "./no-responders";

/** A message as its stream has it. */
export interface StoredMessage {
  stream: string;
  subject: string;
  sequence: number;
  /** When the stream stored it. */
  time: Date;
  data: Uint8Array;
  headers: MsgHdrs;
}

export interface HistoryOptions {
  stream: string;
  /** Which subjects; wildcards are allowed. Default: all. */
  subject?: string;
  /** The first message: that with this sequence, or stored at this time, or the next one after it. */
  from: { sequence: number } | { time: Date };
  /** Messages of one request; as many may be in memory. Default: 256. */
  batch?: number;
  /** How long one request waits for its messages, in milliseconds. Default: 5 s. */
  timeout?: number;
  /** How long no request may bring a message before it is given up, in milliseconds. Default: 30 s. */
  patience?: number;
}

const header = {
  stream: "Nats-Stream",
  subject: "Nats-Subject",
  sequence: "Nats-Sequence",
  time: "Nats-Time-Stamp",
  pending: "Nats-Num-Pending",
  /** The message before it in the same batch, or before its end; 0 for the first. */
  previous: "Nats-Last-Sequence",
} as const;

/** Between requests without an answer, in milliseconds. */
const waits = { first: 100, most: 2_000 };

/**
 * Reads a stream from a sequence or a time on to its end, in order, each message once. It makes no consumer and changes
 * nothing. The stream needs `allow_direct`, the user one permission: to publish to `$JS.API.DIRECT.GET.<stream>`. Any
 * replica may answer, so a message that was stored just before may be missing at the end.
 *
 * Source: ADR-31 of nats-architecture-and-design; batches need server 2.11.
 *
 * @throws RequestError where the user may not read the stream
 * @throws Error where the server refuses, and where nothing answers: the stream does not exist, has no `allow_direct`,
 *   or no replica that runs
 */
export async function* readHistory(nc: NatsConnection, options: HistoryOptions): AsyncGenerator<StoredMessage> {
  const { stream, subject, from, batch = 256, timeout = 5_000, patience = 30_000 } = options;
  let start = "time" in from ? { start_time: from.time.toISOString() } : { seq: Math.max(1, from.sequence) };
  let failures = 0;
  for (let since = Date.now(); ;) {
    const query = { ...start, ...(subject !== undefined && { next_by_subj: subject }), batch };
    let last = 0;
    let isOver = false;
    let cause: unknown;
    try {
      const answers = await nc.requestMany(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), {
        strategy: "sentinel",
        maxWait: timeout,
      });
      for await (const answer of answers) {
        const status = statusOf(answer, stream);
        if (status === "none") return;
        // One was lost on its way: it is asked for again. The end names the last message of the batch, too.
        const isGap = status === "end" ? endOf(answer) > last : Number(answer.headers?.get(header.previous)) !== last;
        isOver = !isGap && Number(answer.headers?.get(header.pending)) === 0;
        if (status === "end" || isGap) break;
        const message = storedMessage(answer);
        last = message.sequence;
        yield message;
      }
    } catch (error) {
      if (!isNoResponders(error)) throw error;
      cause = error;
    }
    if (isOver) return;
    if (last > 0) {
      start = { seq: last + 1 };
      since = Date.now();
      failures = 0;
    } else if (Date.now() - since >= patience)
      throw new Error(
        `stream ${stream} has not answered for ${patience} ms: it does not exist, has no allow_direct, or no replica ` +
          "of it runs",
        { cause },
      );
    else await sleep(growingDelay(++failures, waits));
  }
}

/** @throws Error for what the server refuses */
function statusOf({ headers, data }: Msg, stream: string): "message" | "end" | "none" {
  const code = headers?.code ?? 0;
  if (code === 404) return "none";
  if (code === 204) return "end";
  if (code >= 400) throw new Error(`stream ${stream} was not read: ${code} ${headers?.description}`);
  if (!headers?.has(header.sequence)) throw new Error(`not a stored message: ${new TextDecoder().decode(data)}`);
  return "message";
}

/** The last message of a batch, as its end names it. */
const endOf = ({ headers }: Msg): number => Number(headers?.get(header.previous) || 0);

const storedMessage = ({ headers, data }: Msg): StoredMessage => {
  const text = (name: string) => headers?.get(name) ?? "";
  return {
    stream: text(header.stream),
    subject: text(header.subject),
    sequence: Number(text(header.sequence)),
    time: new Date(text(header.time)),
    data,
    headers: headers!,
  };
};
