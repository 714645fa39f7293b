import { isDeepStrictEqual } from "node:util";
import type { ConsumerInfo, JsMsg } from "@nats-io/jetstream";
import type { JetStreamClientImpl } from "@nats-io/jetstream/internal";
import { type Durable, durableOf } from "./durable";
import { isMissing, lookUp } from "./lookup";
import type { Lane } from "./lanes";
import type { Log } from "./observer";
import { PullSource } from "./pull";
import type { PushSubscriptions } from "./push";
import type { Source } from "./source";

/** How long a start waits for an answer about the durable, in milliseconds. */
const startMs = 30_000;
/** Before it is bound again to what it could not be bound to. */
const retryMs = 3_000;

/** For so long, in milliseconds, more messages that the server had are taken to be coming: others may get them. */
const soon = 1_000;

/** What a binding needs of its consumer. */
export interface BindingOptions<Held> {
  stream: string;
  durable: string;
  attempts?: number;
  spare?: number;
  /** What the durable must filter. */
  subject?: string;
  servedUnheard: number;
  log: Log;
  /** Of the consumer. */
  subscriptions: PushSubscriptions;
  /** Messages that there is room for now. */
  room(binding: Binding<Held>): number;
  message(message: JsMsg, binding: Binding<Held>): void;
  /** What is known of the durable has changed. */
  changed(): void;
}

/**
 * A consumer's hold on one durable, which it never creates. When the durable may be gone it is looked up until it is
 * there again.
 */
export class Binding<Held> implements Lane {
  share = 1;
  inHand = 0;
  running = 0;
  /** When the server last had more messages than it sent. */
  private hadMoreAt = -Infinity;
  /** Messages in hand whose handler does not run. */
  readonly waiting = new Set<Held>();
  /** Of its metrics. */
  readonly labels: { readonly consumer: string };
  /** Why it gets no messages. */
  problem?: string;
  private info!: ConsumerInfo;
  private known!: Durable;
  private source?: Source;
  private isLookingUp = false;
  private retry?: NodeJS.Timeout;
  private isStopped = false;

  constructor(
    private readonly client: JetStreamClientImpl,
    private readonly options: BindingOptions<Held>,
  ) {
    this.labels = { consumer: options.durable };
  }

  get hasMore(): boolean {
    return Date.now() - this.hadMoreAt < soon;
  }

  get durable(): Durable {
    return this.known;
  }

  /** @throws Error where the durable is missing, or does not suit a worker */
  async bind(): Promise<void> {
    const { stream, durable, log } = this.options;
    const until = Date.now() + startMs;
    const again = (error: unknown) => {
      const isTransient = !isMissing(error) && Date.now() < until && !this.isStopped;
      if (isTransient) log.warn({ stream, durable, err: error }, "no answer about the durable; asking again");
      return isTransient;
    };
    this.learn(await lookUp(this.client, this.options, again));
  }

  /** @throws Error where the durable pushes to another client already */
  async begin(): Promise<void> {
    if (this.isStopped) return;
    const source = await this.open();
    this.source = source;
    if (this.isStopped) await source.stop();
    else source.refill();
  }

  refill(): void {
    this.source?.refill();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.source?.stop();
  }

  /** Learns what was changed of the durable. Returns the messages that were not acknowledged yet, of all clients. */
  async look(): Promise<number> {
    const { stream, durable } = this.options;
    const found = await this.client.consumerAPI.info(stream, durable).catch((error: unknown) => {
      // Where other durables push to the same subject, their heartbeats hide that this one is gone.
      if (isMissing(error)) void this.doubt("it is missing");
      throw error;
    });
    if (!this.isLookingUp && !this.isStopped && isChanged(this.info, found)) await this.doubt("it was changed");
    return found.num_pending + found.num_ack_pending;
  }

  private async open(): Promise<Source> {
    const events = {
      message: (message: JsMsg) => {
        this.hadMoreAt = message.info.pending > 0 ? Date.now() : -Infinity;
        this.options.message(message, this);
      },
      room: () => this.options.room(this),
      doubt: (why: string) => void this.doubt(why),
    };
    if (this.known.push) return this.options.subscriptions.join(this.info, events);
    const { nc, apiPrefix } = this.client;
    return new PullSource(nc, apiPrefix, () => this.known, events, this.options.servedUnheard);
  }

  private learn(info: ConsumerInfo): void {
    const { attempts, spare, subject, log } = this.options;
    this.known = durableOf(info, { attempts, spare, subject });
    this.info = info;
    log.info(
      { stream: this.known.stream, durable: this.known.name, attempts: this.known.attempts, lag: this.known.lag },
      "bound to the durable",
    );
    this.options.changed();
  }

  private async doubt(why: string): Promise<void> {
    if (this.isLookingUp || this.isStopped) return;
    this.isLookingUp = true;
    const { stream, durable, log } = this.options;
    log.warn({ stream, durable, why }, "looking up the durable");
    try {
      await this.lookUpAgain(why);
    } catch (error) {
      if (this.isStopped) return;
      this.problem = (error as Error).message;
      await this.release();
      log.error({ stream, durable, err: error }, "not bound to the durable; trying again");
      clearTimeout(this.retry);
      this.retry = setTimeout(() => void this.doubt(this.problem ?? why), retryMs).unref();
    } finally {
      this.isLookingUp = false;
    }
  }

  private async lookUpAgain(why: string): Promise<void> {
    const before = this.info;
    const found = await lookUp(this.client, this.options, (error) => {
      const { stream, durable } = this.options;
      this.problem = isMissing(error) ? `durable ${durable} of stream ${stream} is missing` : why;
      return !this.isStopped;
    });
    if (this.isStopped) return;
    // Released, it is bound again whether or not it was changed since.
    if (isChanged(before, found) || !this.source) await this.rebind(before, found);
    this.problem = undefined;
  }

  private async rebind(before: ConsumerInfo, found: ConsumerInfo): Promise<void> {
    this.learn(found);
    const isRecreated = found.created !== before.created;
    const { config: now } = found;
    if (this.source && now.deliver_subject === before.config.deliver_subject)
      return isRecreated ? this.source.renew() : this.source.refill();
    await this.release();
    await this.begin();
  }

  /** Takes no more messages of the durable, until it is bound again. */
  private async release(): Promise<void> {
    const source = this.source;
    this.source = undefined;
    await source?.stop();
  }
}

/** Whether a durable was made again, or updated in place. */
const isChanged = (before: ConsumerInfo, { created, config }: ConsumerInfo): boolean =>
  created !== before.created || !isDeepStrictEqual(config, before.config);
