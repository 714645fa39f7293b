import type { DeliveryInfo, JsMsg } from "@nats-io/jetstream";
import type { Msg, MsgHdrs, NatsConnection } from "@nats-io/transport-node";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Answers to the server about a delivery (nats-server, server/consumer.go). */
const answers = {
  ack: bytes("+ACK"),
  working: bytes("+WPI"),
  nak: (delay?: number) => (delay ? `-NAK {"delay":${Math.round(delay * 1_000_000)}}` : "-NAK"),
  term: (reason?: string) => (reason ? `+TERM ${reason}` : "+TERM"),
} as const;

/** Default of the client library. */
const ackTimeout = 5_000;

/**
 * A message that was pulled. The client library makes them for its own subscriptions only, which ask for more messages
 * than there are free slots; this is the same for a subscription of ours.
 */
export class PulledMessage implements JsMsg {
  private parsed?: DeliveryInfo;
  private isAnswered = false;

  constructor(
    private readonly message: Msg,
    private readonly connection: NatsConnection,
  ) {}

  get subject(): string {
    return this.message.subject;
  }
  get sid(): number {
    return this.message.sid;
  }
  get data(): Uint8Array {
    return this.message.data;
  }
  get headers(): MsgHdrs | undefined {
    return this.message.headers;
  }
  get info(): DeliveryInfo {
    return (this.parsed ??= deliveryInfo(this.message.reply ?? ""));
  }
  get redelivered(): boolean {
    return this.info.redelivered;
  }
  get seq(): number {
    return this.info.streamSequence;
  }
  get time(): Date {
    return new Date(this.info.timestampNanos / 1_000_000);
  }
  get timestamp(): string {
    return this.time.toISOString();
  }
  get timestampNanos(): bigint {
    return BigInt(tokensOf(this.message.reply ?? "")[9]!);
  }

  ack(): void {
    this.answer(answers.ack);
  }
  nak(milliseconds?: number): void {
    this.answer(answers.nak(milliseconds));
  }
  term(reason?: string): void {
    this.answer(answers.term(reason));
  }
  working(): void {
    if (!this.isAnswered) this.message.respond(answers.working);
  }
  /** Not supported: this library asks for messages itself. */
  next(): void {
    throw new Error("next() is not supported: the consumer asks for messages itself");
  }
  async ackAck({ timeout = ackTimeout }: { timeout?: number } = {}): Promise<boolean> {
    if (this.isAnswered) return false;
    this.isAnswered = true;
    await this.connection.request(this.message.reply ?? "", answers.ack, { timeout });
    return true;
  }

  json<T>(): T {
    return this.message.json<T>();
  }
  string(): string {
    return this.message.string();
  }

  private answer(text: string | Uint8Array): void {
    if (this.isAnswered) return;
    this.isAnswered = true;
    this.message.respond(text);
  }
}

/**
 * `$JS`, `ACK`, domain, account, stream, durable, deliveries, sequence in the stream, in the durable, time, pending.
 * Domain and account are missing in the older form.
 */
function tokensOf(reply: string): string[] {
  const tokens = reply.split(".");
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK" || tokens.length < 9)
    throw new Error(`not a message of JetStream: ${reply}`);
  if (tokens.length === 9) tokens.splice(2, 0, "_", "");
  return tokens;
}

function deliveryInfo(reply: string): DeliveryInfo {
  const tokens = tokensOf(reply);
  const number = (index: number) => Number.parseInt(tokens[index]!, 10);
  const deliveryCount = number(6);
  return {
    domain: tokens[2] === "_" ? "" : tokens[2]!,
    account_hash: tokens[3],
    stream: tokens[4]!,
    consumer: tokens[5]!,
    deliveryCount,
    redelivered: deliveryCount > 1,
    streamSequence: number(7),
    deliverySequence: number(8),
    timestampNanos: number(9),
    pending: number(10),
  };
}
