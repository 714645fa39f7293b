import * as z from "zod";
import { strictObject } from "../problems";
import { assetName, count, startTime, token } from "./values";

/**
 * Streams that failed over to the region of one of their mirrors: `supercluster:failover` of a jetstream stack's file. `npm run
 * failover` and `npm run failback` write it; a plan that did not know of it would undo what they did.
 */

const isStart = (value: unknown): value is Start =>
  value === "all" || value === "new" || count.safeParse(value).success || startTime.safeParse(value).success;

/** Where a durable begins on the mirror: all it holds, only what is new, a sequence, or a time as RFC 3339 has it. */
export type Start = "all" | "new" | number | string;
export const start = z.custom<Start>(
  isStart,
  'write "all", "new", a sequence (1 or more), or a time as RFC 3339 has it',
);

export const failover = strictObject({
  /** Region of the mirror that takes the stream's place. */
  to: token,
  /** Where each of the stream's durables begins there. One that is not named: `all`. */
  consumers: z.record(assetName, start),
});

export type Failover = z.infer<typeof failover>;
/** By `<account>/<stream>`. */
export type Failovers = Record<string, Failover>;

export const failoverKey = (account: string, stream: string): string => `${account}/${stream}`;
