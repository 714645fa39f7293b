import * as z from "zod";
import { strictObject } from "../problems";
import { assetName, count, startTime, token } from "./values";

/**
 * Streams that failed over to the region of one of their mirrors: `supercluster:failover` of a jetstream stack's file.
 * `npm run failover` and `npm run failback` write it; a plan without it would undo them. Region stacks read it too:
 * their servers map the streams' subjects.
 */

const isStart = (value: unknown): value is Start =>
  value === "all" || value === "new" || count.safeParse(value).success || startTime.safeParse(value).success;

/** Where a durable starts on the mirror: all it holds, only new messages, a sequence, or a time (RFC 3339). */
export type Start = "all" | "new" | number | string;
export const start = z.custom<Start>(isStart, 'write "all", "new", a sequence (1 or more), or a time (RFC 3339)');

export const failover = strictObject({
  /** Region of the mirror that replaces the stream. */
  to: token,
  /** Where each of the stream's durables begins there. Default for one that is not named: `all`. */
  consumers: z.record(assetName, start),
});

/** By {@link failoverKey}. */
export const failovers = z.record(z.string(), failover);

export type Failover = z.infer<typeof failover>;
export type Failovers = z.infer<typeof failovers>;

/** `<account>/<stream>`. */
export const failoverKey = (account: string, stream: string): string => `${account}/${stream}`;
