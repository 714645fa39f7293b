import type * as z from "zod";

/**
 * Rules about the arguments of one stream or one consumer, alone: config/rules/stream.ts and config/rules/consumer.ts. They
 * hold for every resource (components/jetstream) and for all that tenants declare (config/rules/rules.ts).
 */

/** What one rule found: at which field, what is wrong and what to do instead. */
export interface Finding {
  at: readonly PropertyKey[];
  message: string;
}

export interface ArgumentRule<Args> {
  /** What JetStream answers. None: it accepts this in silence. */
  error?: number;
  /** Arguments that break this rule and no other, beside those that everyone has to give. */
  example: Partial<Args>;
  findings(args: Args): Finding[];
}

/** Optional values of a shape of zod types. */
export type FieldsOf<Shape> = {
  [Field in keyof Shape]?: Shape[Field] extends z.ZodType ? z.infer<Shape[Field]> : never;
};

/** A part of the arguments that a rule looks at by itself, and where it stands. */
interface Part {
  at: readonly PropertyKey[];
}

interface Row<Args, Subject> {
  /** Field that the problem is in, dotted where nested. */
  at: string;
  when: (subject: Subject) => unknown;
  /** What is wrong, with its value. */
  found: string | ((subject: Subject) => string);
  /** What to do instead. */
  instead: string | ((subject: Subject) => string);
  error?: number;
  example: Partial<Args>;
}

const say = <Subject>(words: string | ((subject: Subject) => string), subject: Subject): string =>
  typeof words === "string" ? words : words(subject);

/** Makes rules about arguments of one type: `rule` about all of them, `ruleOfEach` about each of their parts (`at` is within it). */
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
            message: `${say(found, part)}${code}; ${say(instead, part)}`,
          })),
    };
  }

  const rule = ({ when, found, instead, ...row }: Row<Args, Args>): ArgumentRule<Args> =>
    ruleOfEach({
      ...row,
      each: (args) => [{ at: [], args }],
      when: ({ args }) => when(args),
      found: ({ args }) => say(found, args),
      instead: ({ args }) => say(instead, args),
    });

  return { rule, ruleOfEach };
}

/** What a change may cost is said once. `example`: two numbers for one change. */
export const allowedOnce = <Args extends { allowDataLoss?: readonly { change: string }[] }>(
  example: Partial<Args>,
): ArgumentRule<Args> =>
  rulesAbout<Args>().ruleOfEach({
    each: ({ allowDataLoss }) => entries("allowDataLoss", allowDataLoss),
    at: "change",
    when: ({ value, earlier }) => earlier.some(({ change }) => change === value.change),
    found: ({ value }) => `${text(value.change)} is listed twice`,
    instead: "leave one out: only one number of messages can be meant",
    example,
  });

/** Everything that the rules find in these arguments. */
export const findingsOf = <Args>(rules: readonly ArgumentRule<Args>[], args: Args): Finding[] =>
  rules.flatMap((rule) => rule.findings(args));

// --- helpers of the rows ---------------------------------------------------------------------------------------------

/** Entries of a list in the arguments, each with those that stand before it. */
export const entries = <T>(field: string, values: readonly T[] = []) =>
  values.map((value, index, all) => ({
    at: [field, index] as readonly PropertyKey[],
    value,
    earlier: all.slice(0, index),
  }));

export const text = (value: unknown): string => JSON.stringify(value);
export const list = (names: readonly string[]): string => (names.length ? names.join(", ") : "none");

export const isZero = (amount: string | undefined): boolean => /^[0.]+[a-z]+$/i.test(amount ?? "");

export const bytesOf = (value: string | undefined): number => Buffer.byteLength(value ?? "");
export const bytesOfLabels = (labels: Record<string, string> = {}): number =>
  Object.entries(labels).reduce((sum, [key, value]) => sum + bytesOf(key) + bytesOf(value), 0);

/** Milliseconds of the shortest age, window and heartbeat that servers take. */
export const shortest = 100;
/** Bytes of the longest description that servers take. */
export const longestDescription = 4096;
/** Bytes of labels that servers take, less room for those that this program and the server add. */
export const mostLabels = 127 * 1024;
