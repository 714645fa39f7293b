import { setTimeout as sleep } from "node:timers/promises";
import type { JetStreamClient, JsMsg } from "@nats-io/jetstream";
import type { JetStreamClientImpl } from "@nats-io/jetstream/internal";
import { clientOf } from "../connection/of";
import { copiedReason } from "../contract";
import type { GivenUp } from "../dead-letters/headers";
import { checkMessage } from "../envelope";
import type { ConsumerStatus } from "../health";
import { errorWithoutSecrets } from "../redact";
import type { ProcessResult } from "../result";
import { inTraceOf } from "../trace";
import { Binding } from "./binding";
import { Breaker } from "./breaker";
import { isDeliveryCheck } from "./delivery-check";
import { nakDelay, shortestWait, waitOf } from "./durable";
import { nextLane, roomOf } from "./lanes";
import { type ConsumerOptions, idempotencyKey, type IdempotencyStore } from "./options";
import { answeredOf, mayRun, type Outcome, outcomeOf } from "./outcome";
import { PushSubscriptions } from "./push";
import { SlowStart } from "./slow-start";

const defaultConcurrency = 10;
/** How often a durable's lag and configuration are asked for, in milliseconds. */
const lookEvery = 15_000;
/** How long a message waits whose dead letter could not be stored. */
const deadLetterRetry = 60_000;
/** Dead letters that could not be stored and are remembered, at most. */
const mostUnwritten = 10_000;
/** Messages that may have ended a process come back apart from each other, within this time. */
const spread = 10_000;
/** How long `stop()` waits until acknowledgements have left. */
const flushMs = 2_000;

/** A message in hand. */
interface Held {
  message: JsMsg;
  binding: Binding<Held>;
  /** When the server must hear of it again, so that it does not deliver it to another worker. */
  workingAt: number;
  /** Handed over at the end of the grace: what its handler still returns changes nothing. */
  isAbandoned?: boolean;
}

/** What takes messages of a durable, has them processed, and does with each what the result means. */
export class Engine<T> {
  private readonly held = new Set<Held>();
  private readonly breaker: Breaker;
  private readonly slowStart = new SlowStart();
  /** Why messages were given up whose copy could not be stored: their handler is not run again. */
  private readonly unwritten = new Map<string, GivenUp>();
  private bindings: Binding<Held>[] = [];
  /** The bindings that share the slots: all but that of the replays, which has one of its own. */
  private lanes: Binding<Held>[] = [];
  private slots = 1;
  /** Messages whose handler runs, or whose end is being reported. */
  private running = 0;
  private processed = 0;
  private errored = 0;
  private state: "new" | "running" | "stopping" | "stopped" = "new";
  private timers: NodeJS.Timeout[] = [];
  private workingTimer?: NodeJS.Timeout;
  private probeTimer?: NodeJS.Timeout;
  /** What was last reported of the breaker. */
  private wasOpen = false;
  private whyUnavailable?: string;
  private client?: JetStreamClientImpl;
  private stopped?: Promise<void>;
  private idle?: () => void;

  constructor(
    private readonly options: ConsumerOptions<T>,
    private readonly processMessage: (payload: T, message: JsMsg) => Promise<ProcessResult>,
  ) {
    this.breaker = new Breaker(options.breaker);
  }

  async start(js: JetStreamClient): Promise<void> {
    if (this.state !== "new") throw new Error("a consumer starts once; make another one");
    const { stream, durable, subject, lanes = [], replays = [], attempts, spareDeliveries: spare, log } = this.options;
    const { servedUnheard = 2_000 } = this.options;
    this.client = clientOf(js);
    const events = {
      subscriptions: new PushSubscriptions(this.client),
      attempts,
      spare,
      servedUnheard,
      log,
      room: (binding: Binding<Held>) => this.room(binding),
      message: (message: JsMsg, binding: Binding<Held>) => this.received(message, binding),
      changed: () => this.learned(),
    };
    const client = this.client;
    const durables = [stream]
      .flat()
      .flatMap((of) => [{ stream: of, durable, subject }, ...lanes.map((name) => ({ stream: of, durable: name }))]);
    this.bindings = [...durables, ...[replays].flat()].map(
      (place) => new Binding<Held>(client, { ...place, ...events }),
    );
    this.lanes = this.bindings.slice(0, durables.length);
    this.state = "running";
    try {
      for (const binding of this.bindings) await binding.bind();
      // Together: those that share a subscription must be there before its first message.
      const begun = await Promise.allSettled(this.bindings.map((binding) => binding.begin()));
      for (const result of begun) if (result.status === "rejected") throw result.reason;
      // `stop()` was called meanwhile, and has stopped what there was.
      if (this.state !== "running") throw new Error("the consumer was stopped before it had started");
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.options.metrics?.breakerOpen.set(this.labels, 0);
    this.timers.push(setInterval(() => void this.look(), lookEvery).unref());
    void this.look();
  }

  stop(): Promise<void> {
    return (this.stopped ??= this.finishAll());
  }

  get status(): ConsumerStatus & { inFlight: number } {
    const problem = this.bindings.map((binding) => binding.problem).find(Boolean) ?? this.whyUnavailable;
    return {
      running: this.state === "running",
      processed: this.processed,
      errored: this.errored,
      inFlight: this.held.size,
      ...(problem && { unavailable: problem }),
    };
  }

  private get labels(): { consumer: string } {
    return { consumer: this.options.durable };
  }

  private get limit(): number {
    return this.slowStart.isOver ? this.slots : 1;
  }

  /** What is known of a durable has changed. */
  private learned(): void {
    this.setWorkingTimer();
    if (this.lanes.every(({ durable }) => durable as unknown)) this.share();
  }

  /** Divides the slots among lanes as their durables say. */
  private share(): void {
    const wanted = this.lanes.map(({ durable }) => durable.slots ?? 1);
    const sum = wanted.reduce((all, one) => all + one, 0);
    this.slots = this.options.concurrency ?? (this.options.lanes?.length ? sum : defaultConcurrency);
    this.lanes.forEach((lane, index) => {
      lane.share = Math.max(1, Math.floor((this.slots * wanted[index]!) / sum));
    });
  }

  private room(binding: Binding<Held>): number {
    if (this.state !== "running") return 0;
    // What probes is one of those in hand; where none is left, one is asked for.
    if (this.breaker.isOpen) return this.held.size === 0 ? 1 : 0;
    return this.lanes.includes(binding) ? roomOf(binding, this.lanes, this.limit) : 1 - binding.inHand;
  }

  private received(message: JsMsg, binding: Binding<Held>): void {
    if (this.state === "stopped") return message.nak();
    const { metrics } = this.options;
    const { deliveryCount } = message.info;
    const held: Held = { message, binding, workingAt: Date.now() + waitOf(binding.durable, deliveryCount) / 3 };
    this.held.add(held);
    this.countInHand(binding, 1);
    if (deliveryCount > 1) {
      metrics?.redeliveries.inc(binding.labels);
      const known = this.unwritten.size > 0 && this.unwritten.get(idempotencyKey(message));
      if (known) return this.end(held, { kind: "dead", ...known });
      const may = mayRun(deliveryCount, binding.durable);
      if (!may) return this.end(held, { kind: "dead", reason: "deliveries", error: undelivered(deliveryCount) });
      if (may === "alone" && this.isolate(held)) return;
    } else metrics?.deliveryDelay.observe(binding.labels, Math.max(0, Date.now() - message.time.getTime()) / 1_000);
    binding.waiting.add(held);
    this.pump();
  }

  /** Durables of the same name, in several streams, are one consumer in metrics. */
  private countInHand(binding: Binding<Held>, change: 1 | -1): void {
    binding.inHand += change;
    const { metrics } = this.options;
    if (!metrics) return;
    const { labels } = binding;
    const inHand = this.bindings.reduce(
      (sum, other) => (other.labels.consumer === labels.consumer ? sum + other.inHand : sum),
      0,
    );
    metrics.inFlight.set(labels, inHand);
  }

  /** It may be the message that ends the process: from now on one at a time. Returns whether it comes back later. */
  private isolate(held: Held): boolean {
    const { message, binding } = held;
    this.slowStart.again();
    const isFirst = message.info.deliveryCount === binding.durable.attempts + 1;
    if (!isFirst || this.held.size === 1) return false;
    // Messages that were in hand together when a process ended have the same waits, and would be together again.
    this.again(held, 1 + Math.random() * spread);
    return true;
  }

  private pump(): void {
    while (this.running < this.limit) {
      const lane = nextLane(this.bindings, isWaiting);
      const admitted = lane && this.breaker.admit();
      if (!lane || !admitted) break;
      const [next] = lane.waiting;
      lane.waiting.delete(next!);
      void this.run(next!, admitted.probe);
    }
    if (!this.breaker.isOpen) return;
    const canProbe = this.bindings.some(isWaiting) || (this.options.probe && this.state === "running");
    const wait = canProbe ? this.breaker.wait : undefined;
    if (wait === undefined || this.probeTimer) return;
    this.probeTimer = setTimeout(() => {
      this.probeTimer = undefined;
      if (this.held.size === 0) void this.probe();
      this.pump();
    }, wait);
  }

  /** Probes without a message. Never throws. */
  private async probe(): Promise<void> {
    if (!this.options.probe || this.state !== "running" || !this.breaker.admit()?.probe) return;
    const answered = await this.options.probe().then(
      () => true,
      () => false,
    );
    this.breaker.ended({ probe: true, answered });
    this.reportBreaker();
    this.pump();
  }

  private async run(held: Held, probe: boolean): Promise<void> {
    this.running++;
    held.binding.running++;
    const { outcome, answered } = await this.outcome(held);
    held.binding.running--;
    this.running--;
    this.breaker.ended({ probe, answered, wait: outcome.kind === "hold" ? outcome.wait : undefined });
    if (answered) this.slowStart.ended();
    this.reportBreaker(outcome);
    this.end(held, outcome);
  }

  /** Reports the end of a message; `stop()` waits for it, as for a handler. */
  private end(held: Held, outcome: Outcome): void {
    this.running++;
    const ended = () => {
      this.running--;
      if (this.running === 0) this.idle?.();
      this.pump();
    };
    const settling = held.isAbandoned ? undefined : this.settle(held, outcome);
    if (settling) void settling.then(ended);
    else ended();
  }

  /** Runs the handler. `answered` is undefined where it did not run or called nothing. Never throws. */
  private async outcome(held: Held): Promise<{ outcome: Outcome; answered?: boolean }> {
    const { message, binding } = held;
    if (isDeliveryCheck(message)) {
      this.options.log.info(at(message), "a message that only checks delivery");
      return { outcome: { kind: "ack" } };
    }
    let payload: T;
    try {
      payload = this.payload(message);
    } catch (error) {
      return { outcome: { kind: "dead", reason: "invalid", error: shown(error) } };
    }
    const from = performance.now();
    let result: ProcessResult;
    try {
      result = await inTraceOf(message.headers, () => this.result(payload, message));
    } catch (error) {
      result = { success: false, retryable: true, error: asError(error) };
    }
    this.options.metrics?.processingDuration.observe(binding.labels, (performance.now() - from) / 1_000);
    const { error } = result;
    const outcome = outcomeOf(
      error ? { ...result, error: shown(error) } : result,
      message.info.deliveryCount,
      binding.durable,
    );
    return { outcome, answered: answeredOf(result) };
  }

  private payload(message: JsMsg): T {
    const { decode = decodeJson, schema } = this.options;
    const payload = decode(message);
    return schema ? checkMessage(schema, payload) : (payload as T);
  }

  /** What the handler returns; it may throw instead. */
  private result(payload: T, message: JsMsg): Promise<ProcessResult> {
    const { idempotency, timeout } = this.options;
    if (idempotency) return this.resultOnce(payload, message, idempotency);
    const result = this.processMessage(payload, message);
    return timeout ? within(result, timeout) : result;
  }

  private async resultOnce(payload: T, message: JsMsg, done: IdempotencyStore): Promise<ProcessResult> {
    const key = idempotencyKey(message);
    if (await done.has(key)) return { success: true };
    const result = await within(this.processMessage(payload, message), this.options.timeout);
    if (result.success) await done.add(key);
    return result;
  }

  /** Does what was decided, and returns a promise where that takes time. Never throws. */
  private settle(held: Held, outcome: Outcome): Promise<void> | undefined {
    const { message } = held;
    this.count(held, outcome);
    if (outcome.kind === "dead") return this.giveUp(held, outcome);
    if (outcome.kind === "ack" && this.options.doubleAck) return this.acknowledge(held);
    if (outcome.kind === "ack") this.finish(held, () => message.ack());
    else if (outcome.kind === "nak") this.again(held, outcome.delay);
    else if (this.state === "running") held.binding.waiting.add(held);
    else this.finish(held, () => message.nak());
    return undefined;
  }

  private count({ binding }: Held, outcome: Outcome): void {
    this.options.metrics?.messagesProcessed.inc({ consumer: binding.labels.consumer, status: statuses[outcome.kind] });
    if (outcome.kind === "hold") return;
    this.processed++;
    if (outcome.kind !== "ack") this.errored++;
  }

  /** Until the server has confirmed it. */
  private async acknowledge(held: Held): Promise<void> {
    try {
      await held.message.ackAck();
    } catch (error) {
      this.options.log.error({ ...at(held.message), err: error }, notAcknowledged);
    }
    this.finish(held);
  }

  /** The message is terminated only when its copy is stored. */
  private async giveUp(held: Held, { reason, error }: GivenUp): Promise<void> {
    const { deadLetters, log, metrics } = this.options;
    const { message, binding } = held;
    const key = idempotencyKey(message);
    if (deadLetters) {
      try {
        const stored = await deadLetters.write(message, { reason, error });
        metrics?.deadLetters.inc({ ...binding.labels, outcome: stored });
      } catch (failure) {
        metrics?.deadLetters.inc({ ...binding.labels, outcome: "failed" });
        log.error({ ...at(message), reason, err: failure }, "the dead letter is not stored; the message is kept");
        if (this.unwritten.size < mostUnwritten) this.unwritten.set(key, { reason, error });
        return this.again(held, deadLetterRetry);
      }
    }
    this.unwritten.delete(key);
    log.error({ ...at(message), reason, err: error }, "given up");
    const why = `${reason}${error ? `: ${firstLine(error)}` : ""}`;
    this.finish(held, () => message.term(deadLetters ? `${copiedReason}${why}` : why));
  }

  /** Has it delivered again after a time in milliseconds. */
  private again(held: Held, wait: number): void {
    const { message, binding } = held;
    this.finish(held, () => message.nak(nakDelay(binding.durable, message.info.deliveryCount, wait)));
  }

  /** A message is in hand no longer. */
  private finish(held: Held, answer?: () => void): void {
    if (!this.held.delete(held)) return;
    const { binding } = held;
    binding.waiting.delete(held);
    this.countInHand(binding, -1);
    try {
      if (!held.isAbandoned) answer?.();
    } catch (error) {
      this.options.log.error({ ...at(held.message), err: error }, notAcknowledged);
    }
    // What one lane does not use, another one may.
    if (this.lanes.length > 1) for (const lane of this.lanes) lane.refill();
    binding.refill();
  }

  private reportBreaker(outcome?: Outcome): void {
    const { isOpen } = this.breaker;
    if (isOpen && outcome?.kind === "hold")
      this.whyUnavailable = outcome.error?.message ?? "a dependency does not answer";
    if (isOpen === this.wasOpen) return;
    this.wasOpen = isOpen;
    if (!isOpen) this.whyUnavailable = undefined;
    const { log, metrics } = this.options;
    metrics?.breakerOpen.set(this.labels, isOpen ? 1 : 0);
    if (isOpen)
      log.warn({ ...this.labels, why: this.whyUnavailable }, "no messages are taken until a probe is answered");
    else {
      log.info(this.labels, "messages are taken again");
      for (const binding of this.bindings) binding.refill();
    }
  }

  /** One timer for all messages in hand: those whose time has come are kept from being delivered again. */
  private setWorkingTimer(): void {
    clearInterval(this.workingTimer);
    if (this.state !== "running") return;
    const shortest = Math.min(
      ...this.bindings.filter(({ durable }) => durable).map(({ durable }) => shortestWait(durable)),
    );
    const every = Math.max(10, shortest / 3);
    this.workingTimer = setInterval(() => this.reportWorking(every), every);
  }

  private reportWorking(every: number): void {
    const now = Date.now();
    for (const held of this.held) {
      // Before the next tick it would be late.
      if (held.workingAt > now + every / 2) continue;
      held.workingAt = now + waitOf(held.binding.durable, held.message.info.deliveryCount) / 3;
      try {
        held.message.working();
      } catch (error) {
        this.options.log.warn({ ...at(held.message), err: error }, "cannot keep the message");
      }
    }
  }

  private async look(): Promise<void> {
    const { metrics, log } = this.options;
    const lags = new Map<string, number>();
    for (const binding of this.bindings)
      try {
        const lag = await binding.look();
        const { consumer } = binding.labels;
        lags.set(consumer, (lags.get(consumer) ?? 0) + lag);
      } catch (error) {
        lags.set(binding.labels.consumer, NaN);
        log.debug({ ...binding.labels, err: error }, "the lag is not known");
      }
    // Of several streams it is known only once all have answered.
    for (const [consumer, lag] of lags) if (!Number.isNaN(lag)) metrics?.lag.set({ consumer }, lag);
  }

  private async finishAll(): Promise<void> {
    const { grace = 30_000, log } = this.options;
    this.state = "stopping";
    const end = Date.now() + grace;
    const left = () => Math.max(1, end - Date.now());
    const waiting = () => this.bindings.flatMap((binding) => [...binding.waiting]);
    this.handOver(waiting());
    // What still comes after the grace is handed back.
    const sources = Promise.all(this.bindings.map((binding) => binding.stop()));
    await within(sources, left()).catch((error: unknown) =>
      log.warn({ ...this.labels, err: error }, "still listening"),
    );
    this.handOver(waiting());
    if (this.running > 0) {
      const idle = new Promise<void>((resolve) => (this.idle = resolve));
      await within(idle, left()).catch(() => log.warn({ ...this.labels, running: this.running }, "the grace is over"));
    }
    const unfinished = [...this.held];
    this.handOver(unfinished);
    for (const held of unfinished) held.isAbandoned = true;
    this.state = "stopped";
    for (const timer of this.timers) clearInterval(timer);
    clearInterval(this.workingTimer);
    clearTimeout(this.probeTimer);
    const connection = this.client?.getConnection();
    if (connection && !connection.isClosed()) await within(connection.flush(), flushMs).catch(() => undefined);
  }

  private handOver(messages: readonly Held[]): void {
    for (const held of messages) this.finish(held, () => held.message.nak());
  }
}

const isWaiting = ({ waiting }: Binding<Held>): boolean => waiting.size > 0;

const statuses = { ack: "success", nak: "retry", dead: "terminal", hold: "unavailable" } as const;

const notAcknowledged = "not acknowledged; it is delivered again";

const decodeJson = (message: JsMsg): unknown => message.json();

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** What is logged, stored in dead letters and shown by `/health` of an error. */
const shown = (error: unknown): Error => errorWithoutSecrets(asError(error));

const firstLine = ({ message }: Error): string => message.split("\n", 1)[0]!.slice(0, 200);

const undelivered = (deliveries: number): Error =>
  new Error(
    `delivered ${deliveries} times, and each time but those that failed the worker ended before the handler did`,
  );

/** What a log line says of a message. */
const at = ({ subject, info }: JsMsg): object => ({
  stream: info.stream,
  sequence: info.streamSequence,
  durable: info.consumer,
  delivery: info.deliveryCount,
  subject,
});

/** @throws Error when it takes longer than `ms` */
async function within<R>(work: Promise<R>, ms?: number): Promise<R> {
  if (!ms) return work;
  const end = new AbortController();
  const late = sleep(ms, undefined, { signal: end.signal, ref: false }).then(() => {
    throw new Error(`not finished after ${ms} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    end.abort();
  }
}
