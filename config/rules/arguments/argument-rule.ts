import type * as z from "zod";
import { text } from "../messages";

/**
 * Rules about the arguments of one stream or one consumer, alone. They hold for every resource (components/jetstream)
 * and for all that tenants declare (config/rules/rules.ts).
 */

/** What one rule found. */
export interface Finding {
  /** Path of the field within the arguments. */
  at: readonly PropertyKey[];
  /** "<value> <what is wrong> (<error>); <what to write instead>" */
  message: string;
}

export interface ArgumentRule<Args> {
  /** Error code that JetStream answers with. Absent: it accepts this silently. */
  error?: number;
  /** Arguments that break this rule and no other, beside those that are required. */
  example: Partial<Args>;
  findings(args: Args): Finding[];
}

/** Optional values of a shape of zod types. */
export type PartialOfShape<Shape> = {
  [Field in keyof Shape]?: Shape[Field] extends z.ZodType ? z.infer<Shape[Field]> : never;
};

/** A part of the arguments that a rule checks by itself, and where it stands. */
interface Part {
  at: readonly PropertyKey[];
}

/** A message, or how it is made of what was checked. */
type Message<Checked> = string | ((checked: Checked) => string);

interface Row<Args, Checked> {
  /** Field that has the problem, dotted where nested. */
  at: string;
  when: (checked: Checked) => unknown;
  /** What is wrong, with its value. */
  found: Message<Checked>;
  /** What to do instead. */
  instead: Message<Checked>;
  error?: number;
  example: Partial<Args>;
}

const messageText = <Checked>(message: Message<Checked>, checked: Checked): string =>
  typeof message === "string" ? message : message(checked);

/**
 * Makes rules about arguments of one type: `rule` checks them as a whole, `ruleOfEach` each of their parts (`at` is
 * within the part).
 */
export function rulesAbout<Args>() {
  function ruleOfEach<P extends Part>({
    each,
    at,
    when,
    found,
    instead,
    error,
    example,
  }: Row<Args, P> & { each: (args: Args) => P[] }): ArgumentRule<Args> {
    const code = error ? ` (${error})` : "";
    return {
      error,
      example,
      findings: (args) =>
        each(args)
          .filter(when)
          .map((part) => ({
            at: [...part.at, ...(at ? at.split(".") : [])],
            message: `${messageText(found, part)}${code}; ${messageText(instead, part)}`,
          })),
    };
  }

  const rule = ({ when, found, instead, ...row }: Row<Args, Args>): ArgumentRule<Args> =>
    ruleOfEach({
      ...row,
      each: (args) => [{ at: [], args }],
      when: ({ args }) => when(args),
      found: ({ args }) => messageText(found, args),
      instead: ({ args }) => messageText(instead, args),
    });

  return { rule, ruleOfEach };
}

/** The rule that `allowDataLoss` lists each change once. `example`: two entries for one change. */
export const allowedOnce = <Args extends { allowDataLoss?: readonly { change: string }[] }>(
  example: Partial<Args>,
): ArgumentRule<Args> =>
  rulesAbout<Args>().ruleOfEach({
    each: ({ allowDataLoss }) => entries("allowDataLoss", allowDataLoss),
    at: "change",
    when: ({ value, earlier }) => earlier.some(({ change }) => change === value.change),
    found: ({ value }) => `${text(value.change)} is listed twice`,
    instead: "list each change once, with one number of messages",
    example,
  });

/** Everything that the rules find in these arguments, in the order of the rules. */
export const findingsOf = <Args>(rules: readonly ArgumentRule<Args>[], args: Args): Finding[] =>
  rules.flatMap((rule) => rule.findings(args));

/**
 * Error codes that servers answer with, by the field that a rule is about (dotted; parts of lists under the list's
 * name), found by the rules' examples. `plain`: what the examples are changes of.
 */
export function errorsByField<Args>(rules: readonly ArgumentRule<Args>[], plain: Args): Map<string, number[]> {
  const found = rules.flatMap(({ error, example, findings }) =>
    error === undefined ? [] : findings({ ...plain, ...example }).map(({ at }) => ({ field: fieldAt(at), error })),
  );
  const byField = Map.groupBy(found, ({ field }) => field);
  return new Map(
    [...byField].map(([field, list]) => [field, [...new Set(list.map(({ error }) => error))].sort((a, b) => a - b)]),
  );
}

const fieldAt = (at: readonly PropertyKey[]): string => at.filter((part) => typeof part !== "number").join(".");

// --- helpers of the rows ---------------------------------------------------------------------------------------------

/** Entries of a list in the arguments, each with those that stand before it. */
export const entries = <T>(field: string, values: readonly T[] = []) =>
  values.map((value, index, all) => ({
    at: [field, index] as readonly PropertyKey[],
    value,
    earlier: all.slice(0, index),
  }));

/** Whether a duration or size is zero: JetStream's way to write "no limit" or "the default". */
export const isZero = (amount: string | undefined): boolean => /^[0.]+[a-z]+$/i.test(amount ?? "");

/** Bytes of a text in UTF-8. */
export const bytesOf = (value: string | undefined): number => Buffer.byteLength(value ?? "");
/** Bytes of labels, keys included. */
export const bytesOfLabels = (labels: Record<string, string> = {}): number =>
  Object.entries(labels).reduce((sum, [key, value]) => sum + bytesOf(key) + bytesOf(value), 0);

/** Milliseconds of the shortest age, duplicate window and heartbeat that servers accept. */
export const shortestMilliseconds = 100;
/** Bytes of the longest description that servers accept (JSMaxDescriptionLen). */
export const longestDescription = 4096;
/**
 * Bytes of labels that servers accept (JSMaxMetadataLen, 128 KiB), less room for those of this program and of servers.
 */
export const mostLabelBytes = 127 * 1024;
