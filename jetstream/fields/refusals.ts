import type { Refusal } from "./field";

/** Kinds of changes that the server does not make in place. */

type Because = Pick<Refusal, "reason" | "error" | "errorSince" | "until">;

const anyChange = "any change";

/** The server refuses (or ignores) every change. */
export const always = (because: Because): Refusal[] => [{ what: anyChange, when: () => true, ...because }];

/** Whether a refusal is of every change, on every server. */
export const isAlways = ({ what, until }: Refusal): boolean => what === anyChange && !until;

/** The server refuses, with this error code, to turn a flag off. */
export const turnedOff = (error: number): Refusal => ({
  what: "on to off",
  when: (from, to) => Boolean(from) && !to,
  reason: "it cannot be turned off once it is on",
  error,
});

/** Why a stream or consumer is not recreated to make a change, unless `allowDataLoss` allows it. */
export const wouldStartEmpty = "a new stream would start empty";
export const wouldLosePosition = "a new durable would not know what this one has delivered";
