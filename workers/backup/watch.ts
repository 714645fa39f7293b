import { setTimeout as sleep } from "node:timers/promises";
import { collectDefaultMetrics, Registry } from "prom-client";
import type { Log } from "../messaging";
import { backupAge } from "./age";
import { backupMetrics } from "./metrics";
import type { Store } from "./store/store";

interface WatchOptions {
  store: Store;
  environment: string;
  /** Milliseconds between two looks at the store. */
  every: number;
  log: Log;
  signal: AbortSignal;
}

/** Reports how old backups are, as the store has them: whatever made them, and whether the jobs run or not. */
export class BackupWatch {
  readonly registry = new Registry();
  private readonly metrics: ReturnType<typeof backupMetrics>;
  private problem: string | undefined = "the store was not read yet";

  constructor(private readonly options: WatchOptions) {
    collectDefaultMetrics({ register: this.registry });
    this.metrics = backupMetrics(this.registry, options.store.place);
  }

  /** Throws while the last look at the store failed. */
  check(): Promise<void> {
    return this.problem === undefined ? Promise.resolve() : Promise.reject(new Error(this.problem));
  }

  /** Looks at the store until it is stopped. */
  async run(): Promise<void> {
    const { store, environment, every, log, signal } = this.options;
    while (!signal.aborted) {
      try {
        this.metrics.show(await backupAge(store, environment));
        this.problem = undefined;
      } catch (error) {
        this.problem = (error as Error).message;
        this.metrics.failed.inc();
        log.warn({ err: error }, "the store could not be read; looked at again later");
      }
      await sleep(every, undefined, { signal }).catch(() => undefined);
    }
  }
}
