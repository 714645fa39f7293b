import { JetStreamError, jetstream, type JsMsg } from "@nats-io/jetstream";
import { type Msg, type MsgHdrs, type NatsConnection, RequestError } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { ask } from "./accounts";
import { requestMs, waitMs } from "./limits";

/** Options of what is published to a stream that servers may not know of yet, or may be slow to store it in. */
export const patiently = { retries: 10, timeout: requestMs };

/**
 * Asks, again while servers answer "no responders": a subject that a stream or durable has only just begun to listen to
 * is not yet known to every server.
 */
export async function requestUntilHeard(
  nc: NatsConnection,
  subject: string,
  data: string | Uint8Array,
  headers?: MsgHdrs,
): Promise<Msg> {
  const send = () =>
    nc.request(subject, data, { timeout: requestMs, headers }).catch((error: unknown) => {
      if (error instanceof RequestError && error.isNoResponders()) return undefined;
      throw error;
    });
  const answer = await pollUntil(send, waitMs);
  if (!answer) throw new Error(`nothing listens to ${subject}`);
  return answer;
}

/** Texts of all messages that a stream holds, in order; with `from`, of those from a sequence on. */
export async function textsIn(nc: NatsConnection, stream: string, from = 1): Promise<string[]> {
  const texts: string[] = [];
  for (let seq = from; ;) {
    const found = await ask(nc, `STREAM.MSG.GET.${stream}`, { seq, next_by_subj: ">" }).catch((error: Error) => {
      if (error.message.includes("10037")) return undefined;
      throw error;
    });
    if (!found) return texts;
    const message = found.message as { seq: number; data: string };
    texts.push(Buffer.from(message.data, "base64").toString());
    seq = message.seq + 1;
  }
}

/**
 * As many messages of a durable, none of them acknowledged. Asks again where a pull ends early: a durable that was only
 * just made may not be known yet to the server that is asked, which answers "no responders".
 */
export async function fetchMessages(
  nc: NatsConnection,
  stream: string,
  durable: string,
  count: number,
): Promise<JsMsg[]> {
  const consumer = await jetstream(nc, { timeout: requestMs }).consumers.get(stream, durable);
  const fetched: JsMsg[] = [];
  const isDone = async () => {
    try {
      const messages = await consumer.fetch({ max_messages: count - fetched.length, expires: requestMs });
      for await (const message of messages) fetched.push(message);
    } catch (error) {
      if (!(error instanceof JetStreamError && "code" in error && error.code === 503)) throw error;
    }
    return fetched.length === count;
  };
  if (!(await pollUntil(isDone, waitMs)))
    throw new Error(`${stream}/${durable} delivered ${fetched.length} of ${count} messages`);
  return fetched;
}

let count = 0;

/** Takes and acknowledges up to a number of messages of a durable; fewer, where there are no more. */
export async function take(
  nc: NatsConnection,
  stream: string,
  durable: string,
  batch: number,
  inbox = "_INBOX_app",
): Promise<string[]> {
  const reply = `${inbox}.take${++count}`;
  const subscription = nc.subscribe(reply);
  nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, JSON.stringify({ batch, no_wait: true }), { reply });
  const taken: string[] = [];
  for await (const message of subscription) {
    if (message.headers?.code) break;
    await requestUntilHeard(nc, message.reply!, "+ACK");
    taken.push(message.string());
    if (taken.length === batch) break;
  }
  subscription.unsubscribe();
  return taken;
}

/** Texts that come more than once. */
export const repeated = (texts: readonly string[]): string[] =>
  texts.filter((text, index) => texts.indexOf(text) < index);
