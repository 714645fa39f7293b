import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, type JetStreamClient, type JsMsg, type PubAck } from "@nats-io/jetstream";
import type { MsgHdrs, NatsConnection } from "@nats-io/transport-node";
import type { OnApplicationShutdown, OnModuleDestroy } from "@nestjs/common";
import * as z from "zod";
import {
  BaseNatsConsumer,
  closeConnection,
  type ConsumerStatus,
  createDeadLetterWriter,
  createPublisher,
  createResponder,
  deadLetterNames,
  type ProcessResult,
  type Publisher,
  question,
  replayDurable,
  request,
  RequestFailedError,
  type Responder,
} from "../../messaging";
import { isStored } from "../kinds";
import type { NatsConnected } from "./options";

/** Acknowledges a message. */
export type Ack = () => void;

/**
 * Does not acknowledge a message: it is delivered again after the backoff of its durable, or as `why` says (see
 * `ProcessResult`): `retryAfter`, `unavailable`, or `retryable: false` for a message that can never be processed.
 */
export type Nak = (why?: Omit<ProcessResult, "success">) => void;

/**
 * Handles a message. It must call `ack` or `nak` before its promise resolves; the first call counts. What it throws is
 * a `nak`, whatever it has called before.
 */
export type MessageHandler<T> = (data: T, ack: Ack, nak: Nak, message: JsMsg) => Promise<void> | void;

export interface SubscribeOptions<T> {
  /** What a message must be; any other is terminal. Default: any JSON. */
  schema?: z.ZodType<T>;
}

/** A durable whose messages are handled until the application stops, or `stop` is called. */
export interface Subscription {
  readonly status: ConsumerStatus;
  stop(): Promise<void>;
}

/** NATS for the providers of a NestJS application; `NatsModule` makes it. */
export class NatsService implements OnModuleDestroy, OnApplicationShutdown {
  private readonly connection: NatsConnection;
  private readonly options: NatsConnected["options"];
  private readonly client: JetStreamClient;
  private readonly publisher: Publisher;
  /** By their place: stream and durable, or the name of a service. */
  private readonly parts = new Map<string, { name: string; part: Subscription }>();

  constructor({ connection, options }: NatsConnected) {
    this.connection = connection;
    this.options = options;
    this.client = jetstream(connection);
    this.publisher = createPublisher(this.client, { metrics: options.metrics });
  }

  /**
   * Stores a message in the stream of its subject, and waits for the stream's acknowledgement; what is not acknowledged
   * is sent again with the same id.
   *
   * @param options.id the same for every attempt to publish this message: the stream drops a second one within its
   *   duplicate window. Default: the field `id` of the message, else a random UUID
   * @throws JetStreamApiError where the stream refuses it, UnacknowledgedError where no stream has acknowledged it
   */
  publish<T extends object>(
    subject: string,
    data: T,
    { id = idOf(data), headers }: { id?: string; headers?: MsgHdrs } = {},
  ): Promise<PubAck> {
    return this.publisher.publish(subject, data, { id, headers });
  }

  /**
   * Handles the messages of a durable, which must exist. Several applications that subscribe to the same durable share
   * its messages.
   *
   * @param subject what the durable filters, exactly
   * @throws Error where the durable is missing, filters another subject, or does not suit a worker, and where this
   *   application is subscribed to it already: each message would reach one of the two handlers
   */
  async subscribe<T>(
    stream: string,
    subject: string,
    durableName: string,
    handler: MessageHandler<T>,
    { schema }: SubscribeOptions<T> = {},
  ): Promise<Subscription> {
    const { log, metrics, concurrency, grace, deadLetters = true } = this.options;
    const consumer = new HandlerConsumer(handler, {
      ...{ stream, subject, durable: durableName, schema, log, metrics, concurrency, grace },
      ...(deadLetters && {
        deadLetters: createDeadLetterWriter(this.client),
        replays: { stream: deadLetterNames.replays, durable: replayDurable(stream, durableName) },
      }),
    });
    return this.started(`${stream}.${durableName}`, durableName, consumer, () => consumer.start(this.client));
  }

  /**
   * Asks a service of another program, once.
   *
   * @param asked a question of the service, with the schemas of both sides, or a subject
   * @param timeoutMs until there must be an answer. Default: 5,000
   * @throws RangeError for a subject that a stream stores: the stream would keep the request, and answer it itself
   * @throws MessageError for a request that is not what the question says; RequestFailedError without a good answer
   */
  request<Q extends z.ZodType, A extends z.ZodType>(
    asked: { name: string; subject: string; request: Q; response: A },
    data: z.input<Q>,
    timeoutMs?: number,
  ): Promise<z.output<A>>;
  request<T = unknown>(asked: string, data: unknown, timeoutMs?: number): Promise<T>;
  async request(asked: string | AnyQuestion, data: unknown, timeoutMs = 5_000): Promise<unknown> {
    const of = typeof asked === "string" ? untyped(asked) : asked;
    if (isStored(of.subject))
      throw new RangeError(
        `"${of.subject}" is a subject of a stream, which would store the request and answer it itself; ` +
          "ask on the subject of a service, such as state.agent",
      );
    const answer = await request(this.connection, of, data, { timeout: timeoutMs, metrics: this.options.metrics });
    const stored = pubAck.safeParse(answer);
    if (!stored.success) return answer;
    const problem = `stream ${stored.data.stream} has stored the request to ${of.subject} and answered it`;
    throw new RequestFailedError("invalid-response", `${problem}: ask on a subject that no stream has`);
  }

  /**
   * Answers questions of other programs until the application stops. The user needs `responds` in its tenant.
   *
   * @throws Error if the user may not subscribe to them
   */
  async respond(service: Omit<Parameters<typeof createResponder>[1], "log" | "metrics">): Promise<Responder> {
    const { log, metrics } = this.options;
    const responder = createResponder(this.connection, { ...service, log, metrics });
    const { stop } = await this.started(service.name, service.name, responder, () => responder.start());
    // Its other members stay its own: some are computed.
    return Object.create(responder, { stop: { value: stop } }) as Responder;
  }

  /** Whether there is a connection to a server now; false while it is lost and being made again. */
  isConnected(): boolean {
    return !this.connection.isClosed() && this.connection.info !== undefined;
  }

  /**
   * Asks the server for a sign of life.
   *
   * @returns how long it took, in milliseconds
   * @throws Error without a connection, and where the server does not answer in time
   */
  async ping(timeoutMs = 900): Promise<number> {
    if (!this.isConnected()) throw new Error("not connected to any server");
    const late = new AbortController();
    try {
      return await Promise.race([
        this.connection.rtt(),
        sleep(timeoutMs, undefined, { signal: late.signal }).then(() => {
          throw new Error(`the server has not answered for ${timeoutMs} ms`);
        }),
      ]);
    } finally {
      late.abort();
    }
  }

  getJetStream(): JetStreamClient {
    return this.client;
  }

  getConnection(): NatsConnection {
    return this.connection;
  }

  /**
   * What its subscriptions and services do, by durable and name of the service; by `<stream>.<durable>` where several
   * have the same name. One that was stopped by its `stop` is not among them.
   */
  status(): Readonly<Record<string, ConsumerStatus>> {
    const names = [...this.parts.values()].map(({ name }) => name);
    const isShared = (name: string) => names.indexOf(name) !== names.lastIndexOf(name);
    return Object.fromEntries(
      [...this.parts].map(([place, { name, part }]) => [isShared(name) ? place : name, part.status]),
    );
  }

  /** Starts a part, which health reports until its `stop` is called. */
  private async started(
    place: string,
    name: string,
    part: Subscription,
    start: () => Promise<void>,
  ): Promise<Subscription> {
    if (this.parts.has(place)) throw new Error(`${place} is in use by this application: stop that first`);
    this.parts.set(place, { name, part });
    const leave = () => this.parts.delete(place);
    try {
      await start();
    } catch (error) {
      leave();
      throw error;
    }
    return {
      get status() {
        return part.status;
      },
      stop: () => part.stop().finally(leave),
    };
  }

  /** Handlers end before anything that they use is closed: what runs within the grace is finished. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.parts.values()].map(({ part }) => part.stop()));
  }

  /** What was published is acknowledged, or the grace is over; then a connection of its own is closed. */
  async onApplicationShutdown(): Promise<void> {
    const { config, grace } = this.options;
    const end = new AbortController();
    const late = sleep(grace, undefined, { signal: end.signal, ref: false }).catch(() => undefined);
    await Promise.race([this.publisher.flush(), late]);
    end.abort();
    if (config) await closeConnection(this.connection);
  }
}

/** A durable whose messages a function handles. */
class HandlerConsumer<T> extends BaseNatsConsumer<T> {
  constructor(
    private readonly handler: MessageHandler<T>,
    options: ConstructorParameters<typeof BaseNatsConsumer<T>>[0],
  ) {
    super(options);
  }

  async processMessage(data: T, message: JsMsg): Promise<ProcessResult> {
    let result: ProcessResult | undefined;
    await this.handler(
      data,
      () => (result ??= { success: true }),
      (why) => (result ??= { retryable: true, ...why, success: false }),
      message,
    );
    return result ?? { success: false, retryable: true, error: new Error("the handler called neither ack nor nak") };
  }
}

type AnyQuestion = ReturnType<typeof untyped>;

const untyped = (subject: string) =>
  question({ name: "request", subject, request: z.unknown(), response: z.unknown() });

/** The answer of a stream that has stored a message. */
const pubAck = z.object({ stream: z.string(), seq: z.int() }).loose();

const idOf = (data: object): string =>
  "id" in data && typeof data.id === "string" && data.id !== "" ? data.id : randomUUID();
