import { jetstream } from "@nats-io/jetstream";
import { headers, type Msg, type NatsConnection, RequestError } from "@nats-io/transport-node";
import { deliveryCheckHeader } from "../../workers/messaging/contract";

/** Header that marks a message of a proof; its value is the id of the proof. */
const marker = "Supercluster-Verify";

const answerMs = 10_000;

/** Publishes one marked message and waits until its stream has stored it; its sequence there. */
export async function publish(connection: NatsConnection, subject: string, id: string): Promise<number> {
  const marked = headers();
  marked.set(marker, id);
  marked.set(deliveryCheckHeader, id);
  const payload = JSON.stringify({ verify: id });
  const { seq } = await jetstream(connection)
    .publish(subject, payload, { headers: marked, timeout: answerMs })
    .catch((error: Error) => {
      // Where no stream has the subject, the client reports "jetstream is not enabled"; the cause is exact.
      const { message } = error.cause instanceof RequestError ? error.cause : error;
      throw new Error(`publishing to ${subject} failed: ${message}`);
    });
  return seq;
}

/** A message as a durable delivered it. */
export interface Delivery {
  stream: string;
  durable: string;
  subject: string;
  /** Id of the proof that published it; absent: a message of another publisher. */
  id?: string;
  /** When it arrived, by `performance.now()`. */
  at: number;
  /** Acknowledges it and waits for the confirmation of the server. */
  acknowledge(): Promise<void>;
  /** Refuses it (NAK), so that the server delivers it again at once, to another client. */
  returnToServer(): void;
}

type OnDelivery = (delivery: Delivery) => void;

interface Pull {
  stream: string;
  durable: string;
  count: number;
  expiresMs: number;
  /** Subject to which the messages are sent. */
  inbox: string;
}

/** Requests messages of a pull durable. Returns, before the first can arrive, a function that stops receiving. */
export function pull(
  connection: NatsConnection,
  { stream, durable, count, expiresMs, inbox }: Pull,
  onDelivery: OnDelivery,
): () => void {
  const subscription = connection.subscribe(inbox, {
    callback: (_, message) => deliver(connection, message, onDelivery),
  });
  connection.publish(
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
    JSON.stringify({ batch: count, expires: expiresMs * 1_000_000 }),
    { reply: inbox },
  );
  return () => subscription.unsubscribe();
}

/** Receives what push durables send to a subject; returns a function that stops receiving. */
export async function listen(
  connection: NatsConnection,
  deliverSubject: string,
  onDelivery: OnDelivery,
): Promise<() => void> {
  const subscription = connection.subscribe(deliverSubject, {
    callback: (_, message) => deliver(connection, message, onDelivery),
  });
  await connection.flush();
  return () => subscription.unsubscribe();
}

function deliver(connection: NatsConnection, message: Msg, onDelivery: OnDelivery): void {
  const status = message.headers?.code;
  if (status) {
    // 100: a heartbeat, or with a reply subject a flow control request, which must be answered.
    // Other statuses end a pull request.
    const stalled = message.headers?.get("Nats-Consumer-Stalled");
    if (status === 100 && (message.reply || stalled)) connection.publish(message.reply || stalled!);
    return;
  }
  // `$JS.ACK.<stream>.<durable>...`, or with domain and account before them.
  const tokens = message.reply!.split(".");
  const [stream, durable] = tokens.slice(tokens.length > 9 ? 4 : 2) as [string, string];
  onDelivery({
    stream,
    durable,
    subject: message.subject,
    id: message.headers?.get(marker) || undefined,
    at: performance.now(),
    acknowledge: async () => void (await connection.request(message.reply!, "+ACK", { timeout: answerMs })),
    returnToServer: () => message.respond("-NAK"),
  });
}
