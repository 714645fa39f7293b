import {
  type ConsumerOptions,
  createDeadLetterWriter,
  deadLetterNames,
  type Logger,
  replayDurable,
  type WorkerMetrics,
} from "../../messaging";
import type { PartContext } from "../../system";

/** What every consumer of arrakis is made with. */
export interface BaseConsumerConfig {
  deadLetters?: ConsumerOptions<unknown>["deadLetters"];
  log: Logger;
  metrics?: WorkerMetrics;
  concurrency?: number;
  /** Milliseconds that handlers may still take when the worker stops. */
  grace?: number;
}

export const configOf = ({ js, log, metrics, concurrency, grace }: PartContext<unknown>): BaseConsumerConfig => ({
  deadLetters: createDeadLetterWriter(js),
  ...{ log, metrics, concurrency, grace },
});

/** Options of a consumer of one of the tenant's durables, which takes what is replayed to it, too. */
export const optionsOf = (
  { stream, durable }: { stream: string; durable: string },
  { concurrency, ...config }: BaseConsumerConfig,
  most: number,
) => ({
  ...{ stream, durable, ...config },
  concurrency: concurrency ?? most,
  replays: { stream: deadLetterNames.replays, durable: replayDurable(stream, durable) },
});
