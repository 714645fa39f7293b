import { setTimeout as sleep } from "node:timers/promises";
import type { JetStreamClient } from "@nats-io/jetstream";
import type { ConsumerStatus, Logger, WorkerPart } from "../messaging";

/**
 * A part that starts when it can. Of other workers all parts wait until the servers answer about their durables; the
 * probe has to tell meanwhile what is wrong with the servers.
 */
export class Eventually implements WorkerPart {
  private readonly stopping = new AbortController();
  private part?: WorkerPart;
  private running?: Promise<void>;
  private problem?: string;

  constructor(
    readonly name: string,
    /** Called for each attempt. */
    private readonly make: () => WorkerPart,
    private readonly log: Logger,
    /** Milliseconds between two attempts. */
    private readonly lookAgain = 5_000,
  ) {}

  get status(): ConsumerStatus {
    return this.part?.status ?? { running: false, processed: 0, errored: 0, unavailable: this.problem };
  }

  start(js: JetStreamClient): Promise<void> {
    this.running = this.run(js);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.part?.stop();
  }

  private async run(js: JetStreamClient): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const part = this.make();
      try {
        await part.start(js);
        this.part = part;
        return;
      } catch (error) {
        await part.stop();
        const problem = error instanceof Error ? error.message : String(error);
        if (this.problem !== problem) this.log.warn({ part: this.name, err: error }, "cannot start; trying again");
        this.problem = problem;
        await sleep(this.lookAgain, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
