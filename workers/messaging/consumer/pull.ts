import { setTimeout as sleep } from "node:timers/promises";
import { JetStreamStatus } from "@nats-io/jetstream/internal";
import { createInbox, type Msg, type NatsConnectionImpl, nanos, type Subscription } from "@nats-io/transport-node";
import type { Durable } from "./durable";
import { PulledMessage } from "./message";
import type { Source, SourceEvents } from "./source";

/** A request waits so long at the server, in milliseconds. */
const expires = 5_000;
/** The server reports so often that a request still waits. */
const heartbeat = 1_000;
/** A request of which nothing was heard for so long is over: it was answered in full, or it was lost. */
const silence = 2.5 * heartbeat;
/** No more is asked for while this part of the free slots is asked for. */
const enough = 0.75;
/** As many messages are worth a request at once: the server sends them while others are processed. */
const eager = 20;
/** Before it asks again after a refusal. */
const pause = 250;
/** Requests in a row that reach no durable (503): more than while a leader moves, which takes a second of them. */
const mostUnanswered = 4;
/** How long to wait, when stopping, for messages that the server has sent and that are on their way. */
const linger = 200;

interface PullRequest {
  /** What it asked for. */
  batch: number;
  /** What was not delivered of it. A guess where there are several, which are served in turn; the sum is right. */
  left: number;
  /** When it was made, at the latest. */
  asked: number;
  /** When something was heard of it. */
  heard: number;
}

/**
 * Asks for exactly as many messages as there is room for: what was asked for and what was received never exceed it.
 * (`consume()` of the client library keeps a number of messages on their way, whatever the handlers do.)
 */
export class PullSource implements Source {
  private readonly inbox: string;
  private readonly subscription: Subscription;
  private readonly sweeper: NodeJS.Timeout;
  /** Those that may still be answered, by number, the oldest first. */
  private readonly requests = new Map<number, PullRequest>();
  private last = 0;
  /** Messages asked for and not received: what is left of all requests. */
  private outstanding = 0;
  private notBefore = 0;
  /** Requests in a row that reached no durable. */
  private unanswered = 0;
  private isConnected = true;
  private isScheduled = false;
  private isStopped = false;

  constructor(
    private readonly connection: NatsConnectionImpl,
    private readonly prefix: string,
    private readonly durable: () => Durable,
    private readonly events: SourceEvents,
    /** How long the server may serve a request that nothing listens for, in milliseconds. */
    private readonly servedUnheard: number,
  ) {
    this.inbox = createInbox(connection.options.inboxPrefix);
    // One subscription for all requests; the last token is the request's number.
    this.subscription = connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => (error ? events.doubt(error.message) : this.received(message)),
    });
    this.sweeper = setInterval(() => this.sweep(), heartbeat).unref();
    void this.watch();
  }

  refill(): void {
    this.ask(eager);
    if (this.isScheduled || this.isStopped) return;
    this.isScheduled = true;
    // Of fewer, after all messages that came together were looked at: one request for what they leave free.
    setImmediate(() => {
      this.isScheduled = false;
      this.ask();
    });
  }

  renew(): void {
    this.forgetAll();
    this.refill();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.sweeper);
    // What is delivered to an inbox without a subscription is lost until its wait is over, and counts as delivered.
    const lastAsked = Math.max(0, ...[...this.requests.values()].map(({ asked }) => asked));
    const until = Math.max(Date.now(), lastAsked + this.servedUnheard) + linger;
    while (this.outstanding > 0 && Date.now() < until) await sleep(10);
    if (!this.isConnected || this.connection.isClosed() || this.subscription.isClosed()) return;
    await this.subscription.drain();
  }

  /** @param least messages; fewer are not asked for */
  private ask(least = 1): void {
    if (this.isStopped || !this.isConnected || Date.now() < this.notBefore || this.connection.isClosed()) return;
    const { stream, name, maxBatch = Infinity, maxExpires = Infinity } = this.durable();
    const room = this.events.room();
    const batch = Math.min(room - this.outstanding, maxBatch);
    // Few of them together: while others are on their way, a request for a single message costs more than it brings.
    if (batch < least || this.outstanding > room * enough) return;
    const number = ++this.last;
    const now = Date.now();
    this.requests.set(number, { batch, left: batch, asked: now, heard: now });
    this.outstanding += batch;
    const wait = Math.min(expires, maxExpires);
    const body = {
      batch,
      expires: nanos(wait),
      // At most half of the wait (error 400).
      ...(wait >= 2 * heartbeat && { idle_heartbeat: nanos(heartbeat) }),
    };
    const reply = `${this.inbox}.${number}`;
    this.connection.publish(`${this.prefix}.CONSUMER.MSG.NEXT.${stream}.${name}`, JSON.stringify(body), { reply });
  }

  private received(message: Msg): void {
    if (message.subject.startsWith(this.inbox)) return this.told(message);
    this.unanswered = 0;
    for (const [number, oldest] of this.requests) {
      // The server sends no heartbeat while it sends messages.
      oldest.heard = Date.now();
      this.outstanding--;
      if (--oldest.left === 0) this.requests.delete(number);
      break;
    }
    this.events.message(new PulledMessage(message, this.connection));
    // Slots that became free while enough were asked for.
    if (this.outstanding === 0) this.refill();
  }

  /** The server has reported about a request. */
  private told(message: Msg): void {
    const status = new JetStreamStatus(message);
    const number = Number(message.subject.slice(this.inbox.length + 1));
    if (status.code !== 503) this.unanswered = 0;
    if (status.isIdleHeartbeat()) return this.alive(number);
    const isCounted = message.headers?.has(pendingHeader) ?? false;
    this.end(number, isCounted ? status.parseDiscard().msgsLeft : (this.requests.get(number)?.left ?? 0), true);
    // 404 and 408 are the ordinary ends of a request.
    if (status.code === 404 || status.code === 408) return this.refill();
    this.notBefore = Date.now() + pause;
    setTimeout(() => this.refill(), pause).unref();
    if (isLost(status)) this.forgetAll();
    const isUnanswered = status.code === 503 && ++this.unanswered >= mostUnanswered;
    if (isUnanswered) this.unanswered = 0;
    // A leader that moves is no reason to look up the durable.
    if (isLost(status) || isUnanswered || isExceeded(status) || status.code === 400)
      this.events.doubt(`${status.code} ${status.description}`);
  }

  private alive(number: number): void {
    const [oldest] = this.requests;
    const request = this.requests.get(number) ?? oldest?.[1];
    if (!request) return;
    request.heard = Date.now();
    // Its messages were counted for another request, which is over instead.
    if (!this.requests.has(number) && oldest) {
      request.asked = request.heard;
      this.requests.delete(oldest[0]);
      this.requests.set(number, request);
    }
  }

  /**
   * A request is over, with messages that were not delivered. What was counted wrongly was another request's.
   *
   * @param isReported by the server: what no known request can have delivered is still to come, for one that messages
   * of this one were counted for until it was forgotten
   */
  private end(number: number, undelivered: number, isReported = false): void {
    const ended = this.requests.get(number);
    let rest = (ended?.left ?? 0) - undelivered;
    this.requests.delete(number);
    for (const other of this.requests.values()) {
      const moved = Math.max(-other.left, Math.min(rest, other.batch - other.left));
      other.left += moved;
      rest -= moved;
    }
    if (isReported && ended && rest > 0)
      this.requests.set(-number, { batch: rest, left: rest, asked: ended.asked, heard: Date.now() });
    this.outstanding = [...this.requests.values()].reduce((sum, { left }) => sum + left, 0);
  }

  /** Requests that were lost must not hold free slots for good. */
  private sweep(): void {
    const limit = Date.now() - silence;
    // The server ends each in time: one that messages of others are counted for is over too.
    const silent = [...this.requests].filter(([, { heard, asked }]) => heard < limit || asked + expires < limit);
    if (silent.length > 0 && silent.length === this.requests.size) {
      this.forgetAll();
      if (this.isConnected) this.events.doubt("no heartbeat");
    } else for (const [number] of silent) this.end(number, 0);
    this.refill();
  }

  private forgetAll(): void {
    this.outstanding = 0;
    this.requests.clear();
  }

  /** A server that the client has left forgets its requests, and what is sent meanwhile would all come later. */
  private async watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type !== "disconnect" && type !== "reconnect") continue;
      this.isConnected = type === "reconnect";
      this.renew();
    }
  }
}

const pendingHeader = "Nats-Pending-Messages";

/** Whether all requests of the durable are over. */
const isLost = (status: JetStreamStatus): boolean =>
  status.isConsumerDeleted() || status.isStreamDeleted() || status.isConsumerIsPushBased();

/** Whether a request was larger than the durable allows since it was updated: "Exceeded MaxRequestBatch of 5". */
const isExceeded = ({ code, description }: JetStreamStatus): boolean =>
  code === 409 && /^exceeded maxrequest/i.test(description);
