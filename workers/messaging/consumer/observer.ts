/** What a consumer counts: what `createWorkerMetrics` returns has it. The label `consumer` is the durable's name. */
export interface ConsumerMetrics {
  messagesProcessed: {
    inc(labels: { consumer: string; status: "success" | "retry" | "unavailable" | "terminal" }): void;
  };
  /** In seconds. */
  processingDuration: Observed;
  /** In seconds, by the clocks of the stream's leader and of this process. */
  deliveryDelay: Observed;
  /** Messages that are not acknowledged yet, of all workers of the durable. */
  lag: Gauged;
  inFlight: Gauged;
  redeliveries: { inc(labels: { consumer: string }): void };
  deadLetters: { inc(labels: { consumer: string; outcome: "stored" | "exists" | "failed" }): void };
  /** 1 while it is open. */
  breakerOpen: Gauged;
}

interface Gauged {
  set(labels: { consumer: string }, value: number): void;
}

interface Observed {
  observe(labels: { consumer: string }, value: number): void;
}

/** What a connection counts. */
export interface ConnectionMetrics {
  connected: { set(value: number): void };
  reconnects: { inc(): void };
  connectionEvents: { inc(labels: { type: string }): void };
}

/** The part of a logger (pino, for example) that this library uses. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
