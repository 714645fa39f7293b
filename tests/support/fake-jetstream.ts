import type { ConsumerConfig, ConsumerInfo } from "@nats-io/jetstream";
import { JetStreamClientImpl } from "@nats-io/jetstream/internal";
import { headers, type Msg, type MsgHdrsImpl, type NatsConnectionImpl } from "@nats-io/transport-node";

interface Message {
  payload: string;
  sequence: number;
  delivery: number;
}

/**
 * One pull durable of a server, for tests of the order in which things happen: it serves pull requests as a server
 * does, one message to each in turn, and notes what is answered. Nothing is delivered again by itself.
 */
export class FakeJetStream {
  readonly requests: { reply: string; batch: number; left: number }[] = [];
  /** `<sequence> <answer>`, in order; "working" is left out. */
  readonly answers: string[] = [];
  /** Requests for the information of the consumer. */
  lookups = 0;
  /** Subscriptions that are open. */
  subscriptions = 0;
  /** Sequences of messages that the worker said it still has. */
  readonly working = new Set<number>();
  config: Partial<ConsumerConfig> = { ack_policy: "explicit", ack_wait: 60_000_000_000, max_deliver: -1 };
  private readonly queue: Message[] = [];
  private callback!: (error: Error | null, message: Msg) => void;
  private sequence = 0;

  readonly connection = {
    options: {},
    isClosed: () => false,
    flush: () => Promise.resolve(),
    subscribe: (_subject: string, { callback }: { callback: (error: Error | null, message: Msg) => void }) => {
      this.callback = callback;
      this.subscriptions++;
      return {
        drain: () => {
          this.subscriptions--;
          return Promise.resolve();
        },
        isClosed: () => false,
      };
    },
    publish: (_subject: string, body: string, { reply }: { reply: string }) => {
      const { batch } = JSON.parse(body) as { batch: number };
      this.requests.push({ reply, batch, left: batch });
      this.serve();
    },
    // Of the consumer's information: nothing else is asked for.
    request: () => {
      this.lookups++;
      return Promise.resolve({ data: new TextEncoder().encode(JSON.stringify(this.info)) });
    },
    async *status() {
      // It stays connected.
    },
  } as unknown as NatsConnectionImpl;

  readonly client = new JetStreamClientImpl(this.connection);

  /** Messages that it would still send. */
  get open(): number {
    return this.requests.reduce((sum, { left }) => sum + left, 0);
  }

  /** Stores a message, and delivers it when it is asked for. */
  add(payload: string, delivery = 1): void {
    this.queue.push({ payload, sequence: ++this.sequence, delivery });
    this.serve();
  }

  /** The first request ends without having been served in full. */
  expire(): void {
    const request = this.requests.shift();
    if (request) this.report(request.reply, 408, "Request Timeout", request.left);
  }

  heartbeat(): void {
    for (const { reply } of this.requests) this.report(reply, 100, "Idle Heartbeat");
  }

  report(subject: string, code: number, description: string, left?: number): void {
    const status = headers(code, description) as MsgHdrsImpl;
    if (left !== undefined) status.set("Nats-Pending-Messages", String(left));
    this.callback(null, { subject, headers: status, data: new Uint8Array() } as unknown as Msg);
  }

  private serve(): void {
    while (this.queue.length > 0 && this.requests.length > 0) {
      const request = this.requests.shift()!;
      request.left--;
      if (request.left > 0) this.requests.push(request);
      this.send(this.queue.shift()!);
    }
  }

  private send({ payload, sequence, delivery }: Message): void {
    this.callback(null, {
      subject: "orders.new",
      reply: `$JS.ACK.ORDERS.worker.${delivery}.${sequence}.${sequence}.1700000000000000001.7`,
      data: new TextEncoder().encode(payload),
      json: () => JSON.parse(payload) as unknown,
      respond: (answer: string | Uint8Array) => {
        const text = typeof answer === "string" ? answer : new TextDecoder().decode(answer);
        if (text === "+WPI") this.working.add(sequence);
        else this.answers.push(`${sequence} ${text}`);
        return true;
      },
    } as unknown as Msg);
  }

  private get info(): Partial<ConsumerInfo> {
    return {
      stream_name: "ORDERS",
      name: "worker",
      created: "2026-01-01T00:00:00Z",
      num_pending: this.queue.length,
      num_ack_pending: 0,
      config: this.config as ConsumerConfig,
    };
  }
}
