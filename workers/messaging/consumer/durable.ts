import type { ConsumerInfo } from "@nats-io/jetstream";
import { attemptsLabel, slotsLabel, spareDeliveries } from "../contract";
import type { Limits } from "./outcome";

/** Where neither the worker, the label nor the durable says how often a message may fail. */
const defaultAttempts = 5;

/** What a worker must know of its durable. Durations in milliseconds. */
export interface Durable extends Limits {
  stream: string;
  name: string;
  /** Until a message without an acknowledgement is delivered again, where there is no backoff. */
  ackWait: number;
  /** Of a push durable. */
  push?: { subject: string; group?: string; bound: boolean };
  /** Of a lane: its slots while all lanes have messages. */
  slots?: number;
  /** Limits of one request for messages. */
  maxBatch?: number;
  maxExpires?: number;
  /** Messages that were not delivered yet, or not acknowledged, when it was looked up. */
  lag: number;
}

/** Of 1 ms, JetStream's durations have one million. */
const milliseconds = (nanoseconds: number): number => nanoseconds / 1_000_000;

/**
 * Reads what a worker must know of its durable.
 *
 * @param own what the worker says itself
 * @throws Error for a durable whose messages are not acknowledged one by one, for one with a priority policy, and for
 *   one that filters another subject than the worker names
 */
export function durableOf(
  { stream_name: stream, name, config, push_bound, num_pending, num_ack_pending }: ConsumerInfo,
  own: { attempts?: number; spare?: number; subject?: string } = {},
): Durable {
  const at = `durable ${name} of stream ${stream}`;
  if (config.ack_policy !== "explicit")
    throw new Error(`${at} has ack_policy "${config.ack_policy}"; a worker needs "explicit", or messages get lost`);
  if (config.priority_policy && config.priority_policy !== "none")
    throw new Error(`${at} has priority_policy "${config.priority_policy}", which workers do not support`);
  const filters = config.filter_subjects ?? [config.filter_subject || ">"];
  if (own.subject !== undefined && (filters.length !== 1 || filters[0] !== own.subject))
    throw new Error(
      `${at} filters ${filters.map((filter) => `"${filter}"`).join(", ")}, and the worker expects "${own.subject}": ` +
        "it would get messages that are not its own, or too few; name another durable, or the durable's subject",
    );
  const most = config.max_deliver && config.max_deliver > 0 ? config.max_deliver : Infinity;
  const wanted = own.attempts ?? labelled(config.metadata?.[attemptsLabel]);
  return {
    stream,
    name,
    // What the server does not deliver again cannot fail again.
    attempts: Math.min(wanted ?? (most === Infinity ? defaultAttempts : most), most),
    spare: own.spare ?? spareDeliveries,
    backoff: (config.backoff ?? []).map(milliseconds),
    ackWait: milliseconds(config.ack_wait ?? 30_000_000_000),
    ...(config.deliver_subject && {
      push: { subject: config.deliver_subject, group: config.deliver_group || undefined, bound: push_bound === true },
    }),
    slots: labelled(config.metadata?.[slotsLabel]),
    maxBatch: config.max_batch || undefined,
    maxExpires: config.max_expires ? milliseconds(config.max_expires) : undefined,
    lag: num_pending + num_ack_pending,
  };
}

function labelled(text: string | undefined): number | undefined {
  const number = Number(text);
  return text && Number.isInteger(number) && number > 0 ? number : undefined;
}

/** Milliseconds after which the server delivers a message again whose delivery has this number, from 1 on. */
export const waitOf = ({ backoff, ackWait }: Durable, delivery: number): number =>
  backoff[Math.min(delivery, backoff.length) - 1] ?? ackWait;

/**
 * What a negative acknowledgement must ask for, in milliseconds, so that the message is delivered again after `wait`.
 * The server counts what it is asked for from the durable's `ack_wait`, and then waits for the backoff of that
 * delivery: longer by their difference (nats-server 2.12 to 2.14, consumer.go: `processNak`, `checkPending`). It may be
 * negative, and is never 0, which is no delay: the message would come at once.
 */
export const nakDelay = (durable: Durable, delivery: number, wait: number): number =>
  Math.round(wait - (waitOf(durable, delivery) - durable.ackWait)) || 1;

/** The shortest of those waits. */
export const shortestWait = ({ backoff, ackWait }: Durable): number => Math.min(ackWait, ...backoff);
