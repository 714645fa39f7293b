import type { NatsConnection } from "@nats-io/transport-node";
import type { Moves } from "./moves";

/** A connection to one account's JetStream, and the identity of the stack that uses it. */
export interface Account {
  connection: NatsConnection;
  /** This stack (`<project>/<stack>`): the owner's mark in the metadata of what it manages (ownership.ts). */
  owner: string;
  /** Prefix of inboxes that the connection's user may subscribe to. Default: the client's own, `_INBOX`. */
  inboxPrefix?: string;
  /**
   * What the stack declares of this account, and the subjects that move between its streams. Default: not known, and
   * servers refuse a subject that another stream has.
   */
  moves?: Moves;
  /** Prints one line of progress. */
  logProgress(line: string): void;
}
