import {
  type ConsumerOptions,
  deadLetterNames,
  type DeadLetterWriter,
  type Logger,
  type Place,
  replayDurable,
  type WorkerMetrics,
} from "../../messaging";

/** What every consumer of covenant is made with. */
export interface ConsumerPorts {
  deadLetters: DeadLetterWriter;
  log: Logger;
  metrics?: WorkerMetrics;
  /** `CONCURRENCY`. */
  concurrency?: number;
  /** Milliseconds that handlers may still take when the worker stops. */
  grace?: number;
  /** Between two probes of what does not answer. Default: the library's. */
  breaker?: ConsumerOptions<unknown>["breaker"];
}

/** Options of a consumer of a durable in each of these streams, and of its replays. */
export const durableOptions = (durable: string, streams: readonly string[], ports: ConsumerPorts) => ({
  ...{ stream: streams, durable, log: ports.log, metrics: ports.metrics, grace: ports.grace, breaker: ports.breaker },
  ...{ deadLetters: ports.deadLetters, concurrency: ports.concurrency },
  replays: streams.map((stream): Place => ({
    stream: deadLetterNames.replays,
    durable: replayDurable(stream, durable),
  })),
});
