import type { Refusal } from "./field";

/** Kinds of changes that the server does not make in place. */

type Because = Pick<Refusal, "reason" | "error" | "errorSince" | "until">;

const anyChange = "any change";

export const always = (because: Because): Refusal[] => [{ what: anyChange, when: () => true, ...because }];

/** Whether a refusal is of every change, on every server. */
export const isAlways = ({ what, until }: Refusal): boolean => what === anyChange && !until;

export const turnedOff = (error: number): Refusal => ({
  what: "on to off",
  when: (from, to) => Boolean(from) && !to,
  reason: "it cannot be taken back once it is on",
  error,
});

/** Why another stream or consumer is not made instead of a change, unless somebody asks for it. */
export const wouldStartEmpty = "a new stream would start empty";
export const wouldLosePosition = "a new durable would not know what this one has delivered";
