import type { Logger, WorkerPart } from "../messaging";

const everyMs = 60 * 60_000;

/** Deletes what a database has kept for long enough, at the start and every hour. */
export class Retention implements WorkerPart {
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;

  constructor(
    private readonly store: { purge(age: number): Promise<number> },
    /** In milliseconds. */
    private readonly age: number,
    private readonly log: Logger,
    /** For the log: `deliveries`. */
    private readonly what: string,
  ) {}

  start(): Promise<void> {
    const run = () => {
      this.running = this.purge();
    };
    run();
    this.timer = setInterval(run, everyMs).unref();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async purge(): Promise<void> {
    try {
      const deleted = await this.store.purge(this.age);
      if (deleted > 0) this.log.info({ deleted }, `old ${this.what} were deleted`);
    } catch (error) {
      this.log.warn({ err: error }, `old ${this.what} were not deleted`);
    }
  }
}
