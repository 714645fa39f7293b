import type { NatsConnection } from "@nats-io/transport-node";
import type { Logger, WorkerMetrics } from "../../messaging";
import type { MessagingConfig } from "../messages";

/** What `NatsModule` is made with. Durations in milliseconds. */
export interface NatsModuleOptions {
  /** How to connect: `messagingConfigSchema.parse(process.env)`. The module opens the connection, and closes it. */
  config?: MessagingConfig;
  /** A connection that is there already, instead of `config`. It stays open. */
  connection?: NatsConnection;
  /** Of the connection, and `source` of the events published. Default: `aigentflow-api`. */
  name?: string;
  /** How long a start waits until it is connected. Default: 30 s. */
  connectTimeout?: number;
  /** Messages that each subscription has in hand, at most. Default: 10. */
  concurrency?: number;
  /** How long handlers may take when the application stops; what runs longer is delivered again. Default: 30 s. */
  grace?: number;
  /**
   * Whether the account has streams for dead letters and replays (`deadLetters` of its tenant). Without them a message
   * that is given up is only in its stream. Default: true.
   */
  deadLetters?: boolean;
  /** Default: one by `LOG_LEVEL` to standard output. */
  log?: Logger;
  /** Counts messages, requests and the connection. Default: nothing is counted. */
  metrics?: WorkerMetrics;
}

/** The connection of the module, with its options; made before anything that uses it. */
export interface NatsConnected {
  connection: NatsConnection;
  options: NatsModuleOptions & { name: string; grace: number; log: Logger };
}
