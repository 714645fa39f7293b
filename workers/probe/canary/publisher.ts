import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { JetStreamClient } from "@nats-io/jetstream";
import { type ConsumerStatus, createPublisher, type Logger, probeSubject, type WorkerPart } from "../../messaging";
import type { ProbeMetrics } from "../metrics";

export interface CanaryPublisherOptions {
  /** Where this process is. */
  region: string;
  /** To whose streams it publishes. */
  regions: readonly string[];
  /** Milliseconds between two messages to a region. */
  every: number;
  /**
   * Milliseconds within which a message must be acknowledged, repeated with the same id as any publisher should; at
   * most the window in which streams drop what is repeated.
   */
  timeout: number;
  log: Logger;
  metrics: ProbeMetrics;
}

/** What the probes of other regions receive. */
export interface Canary {
  from: string;
  /** Milliseconds since 1970 by the clock of its sender. */
  at: number;
}

/** Publishes to the stream of each region, again and again, and measures how long the acknowledgement takes. */
export class CanaryPublisher implements WorkerPart {
  readonly name = "publisher";
  private readonly stopping = new AbortController();
  private running?: Promise<void>;
  private readonly sent = new Set<Promise<void>>();
  private count = { processed: 0, errored: 0 };

  constructor(private readonly options: CanaryPublisherOptions) {}

  get status(): ConsumerStatus {
    return { running: true, ...this.count };
  }

  start(js: JetStreamClient): Promise<void> {
    this.running = this.run(js);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await Promise.all(this.sent);
  }

  private async run(js: JetStreamClient): Promise<void> {
    const { signal } = this.stopping;
    const { every, timeout, regions } = this.options;
    const publisher = createPublisher(js, { duplicateWindow: timeout, timeout: timeout / 4 });
    while (!signal.aborted) {
      for (const to of regions) {
        const sending = this.send(to, publisher).finally(() => this.sent.delete(sending));
        this.sent.add(sending);
      }
      await sleep(every, undefined, { signal }).catch(() => undefined);
    }
  }

  private async send(to: string, publisher: ReturnType<typeof createPublisher>): Promise<void> {
    const { region, log, metrics } = this.options;
    const began = performance.now();
    const message: Canary = { from: region, at: Date.now() };
    this.count.processed++;
    try {
      await publisher.publish(probeSubject(to, region), message, { id: randomUUID() });
      metrics.published(to, (performance.now() - began) / 1000);
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.count.errored++;
      metrics.published(to, undefined);
      log.warn({ to, err: error }, "a message was not acknowledged");
    }
  }
}
