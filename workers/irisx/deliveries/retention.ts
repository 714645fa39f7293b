import type { Logger, WorkerPart } from "../../messaging";
import type { DeliveryStore } from "./delivery";

const everyMs = 60 * 60_000;

/** Deletes old deliveries, at the start and every hour. */
export class Retention implements WorkerPart {
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;

  constructor(
    private readonly store: Pick<DeliveryStore, "purge">,
    private readonly age: number,
    private readonly log: Logger,
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
      const deliveries = await this.store.purge(this.age);
      if (deliveries > 0) this.log.info({ deliveries }, "old deliveries were deleted from the state");
    } catch (error) {
      this.log.warn({ err: error }, "old deliveries were not deleted from the state");
    }
  }
}
