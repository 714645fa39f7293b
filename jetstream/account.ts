import type { NatsConnection } from "@nats-io/transport-node";

/** One account's JetStream, as one stack sees it. */
export interface Account {
  connection: NatsConnection;
  /** Marker of what this stack owns. */
  owner: string;
  /** What its answers must come to. */
  inboxPrefix?: string;
  /** Tells a person how long work gets on. */
  logProgress(line: string): void;
}
