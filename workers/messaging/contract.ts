/**
 * Names that the deployment and its workers have in common: config/ derives streams, durables, users and permissions
 * from them, workers read and write by them, operations/ shows what was written. They have no other place. No imports:
 * a Pulumi run reads this file, and loads nothing of workers/ with it (ADR 0036).
 */

/** What an account has that keeps dead letters. */
export const deadLetterNames = {
  /** Stream of copies of messages. */
  copies: "DEAD_LETTERS",
  /** Stream of advisories about messages that were given up; a work queue of the collector. */
  events: "DEAD_LETTER_EVENTS",
  /** Stream of copies that are to be processed again; a work queue with a durable for each durable of the tenant. */
  replays: "REPLAYS",
  /** User of the process that copies what its worker could not (workers/dead-letters), and its durable of events. */
  collector: "dead-letters",
  /** User of `npm run dead-letters`. */
  cli: "dead-letters-cli",
} as const;

/** Subjects of dead letters begin with it; the rest is what operators name a letter by. */
export const deadLetterPrefix = "dead.";

/** Subject of a dead letter: of one message of one durable there is one copy. */
export const deadLetterSubject = (stream: string, sequence: number | "*", durable: string): string =>
  `${deadLetterPrefix}${stream}.${sequence}.${durable}`;

/** Headers of a dead letter, beside those of the message itself. */
export const deadLetterHeader = {
  /** Subject of the message. */
  subject: "Dead-Letter-Subject",
  stream: "Dead-Letter-Stream",
  sequence: "Dead-Letter-Sequence",
  durable: "Dead-Letter-Durable",
  /** How often it was delivered. */
  deliveries: "Dead-Letter-Deliveries",
  /** When the message was stored in its stream: RFC 3339. */
  time: "Dead-Letter-Time",
  /** The last error, on one line; at most 1,024 characters. */
  error: "Dead-Letter-Error",
  /** Why it was given up: one of `deadLetterReasons`. */
  reason: "Dead-Letter-Reason",
  /** `Nats-Msg-Id` of the message, if it had one. */
  id: "Dead-Letter-Id",
  /** One of `deadLetterBodies`, where the body is not the message's. */
  body: "Dead-Letter-Body",
} as const;

/**
 * Why a message was given up. `invalid`: it could not be parsed. `terminal`: its handler said so. `attempts`: it failed
 * as often as is allowed. `deliveries`: it was delivered more often than is allowed, without an end: its workers died.
 */
export const deadLetterReasons = ["invalid", "terminal", "attempts", "deliveries"] as const;
export type DeadLetterReason = (typeof deadLetterReasons)[number];

/** Why a dead letter has no body. `too-large`: it is where it was, if its stream still has it. */
export const deadLetterBodies = ["too-large", "expired"] as const;

/**
 * The reason with which a worker terminates a message whose dead letter is stored begins with it, and the server's
 * advisory repeats it: the collector has nothing to do then.
 */
export const copiedReason = "dead letter stored: ";

/** Subject on which a message of this durable is sent to its worker again. */
export const replaySubject = (stream: string, durable: string): string => `replay.${stream}.${durable}`;

/** The durable of the stream of replays that the worker of this consumer reads too; its lanes have it in common. */
export const replayDurable = (stream: string, consumer: string): string => `${stream}-${consumer}`;

/** Headers of a message that is processed again. */
export const replayHeader = {
  /** Id of the message that it is a copy of. */
  of: "Replay-Of",
  /** Subject of that message. */
  subject: "Replay-Subject",
  /** Where that message was: `<stream>:<sequence>:<durable>`. */
  origin: "Replay-Origin",
  /** When that message was stored: RFC 3339. */
  time: "Replay-Time",
  /** How often it was sent again, from 1 on. */
  count: "Replay-Count",
} as const;

/** Label of the stream of events: names of the streams that the collector sweeps, with a space between two. */
export const sweptLabel = "dead-letters.sweep";

/** Label of a durable: how often a message may fail. */
export const attemptsLabel = "supercluster.attempts";

/**
 * Deliveries beyond `attempts` whose handler still runs, by default: those of workers that were killed, or that handed
 * a message over when they stopped.
 */
export const spareDeliveries = 3;

/** Label of a lane's durable: how many messages of it a worker processes while all lanes have some. */
export const slotsLabel = "lanes.slots";

/**
 * Header of a message that only shows that messages arrive: a consumer acknowledges it in its turn, as any other, and
 * runs no handler. Its publisher waits until the durable's ack floor has passed it.
 */
export const deliveryCheckHeader = "Delivery-Check";

/** A message that its stream has stored. */
export interface Acknowledged {
  /** `Nats-Msg-Id`. */
  id: string;
  subject: string;
  stream: string;
  seq: number;
  /** From the publish to the acknowledgement, in milliseconds. */
  ms: number;
}

/** What became of a sample message: a line of the file that `traffic.ts --record` writes. */
export type Recorded = Acknowledged | { id: string; error: string };

/** The durable of a probe's region, on the region's stream (workers/probe). */
export const probeDurable = "probe";

/** The stream of a region, to which the probes of all regions publish. */
export const probeStream = (region: string): string => `PROBE_${region}`;

/** Kinds of advisories about messages that a durable gave up, which servers tell only in the stream's own account. */
export const givenUpKinds = ["MAX_DELIVERIES", "MSG_TERMINATED"] as const;

/** Subject of such advisories in their account: all, or those about one durable. */
export const givenUpSubject = (kind: (typeof givenUpKinds)[number], durable = ">"): string =>
  `$JS.EVENT.ADVISORY.CONSUMER.${kind}.${durable}`;

/** What the probe's account puts before the subjects of advisories that an account exports to it. */
export const advisoryPrefix = (account: string): string => `advisories.${account}`;

/**
 * First token of what an account maps the subjects of a stream to that has failed over, before the stream's name;
 * reserved in every account.
 */
export const failoverToken = "fo";

/** Subject of what the probe of one region publishes to the stream of another. */
export const probeSubject = (to: string, from = "*"): string => `probe.${to}.${from}`;

/** On which servers ask about a client that their accounts file does not know, in the account of the auth callout. */
export const calloutSubject = "$SYS.REQ.USER.AUTH";

/** A user about whom servers ask the auth callout (workers/auth-callout), and what its clients may do. */
export interface CalloutUser {
  /** Name of its connections, as servers show it. */
  login: string;
  account: string;
  /** SHA-256 of its token, as hexadecimal digits. */
  token?: string;
  /** Subject of its certificate, its parts in their order: `CN=shop-clerk`. */
  certificate?: string;
  publish: { allow: readonly string[]; deny: readonly string[] };
  subscribe: { allow: readonly string[]; deny: readonly string[] };
  /** Answers to requests: how many to each, and how many milliseconds after it. */
  responses?: { max: number; expiresMs: number };
  /** How it may connect, by the servers' names. */
  connectionTypes: readonly string[];
}
