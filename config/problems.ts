import { closest, distance } from "fastest-levenshtein";
import * as z from "zod";
import { plural } from "./plural";

/** One mistake in settings or tenants: where it is, what was found, and what was expected. */
export interface Problem {
  path: string;
  message: string;
}

/**
 * All mistakes of an input at once, one a line: `<path>: <value> <what is wrong>; <what to write instead>`. Nothing has
 * been done when it is thrown.
 */
export class InvalidInput extends Error {
  constructor(
    readonly problems: readonly Problem[],
    what = "settings",
  ) {
    const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
    super([`${plural(problems.length, "mistake")} in the ${what}, nothing was done:`, ...lines].join("\n"));
    this.name = "InvalidInput";
  }
}

/** Text of a path: `a.b[0].c`; names that are not identifiers stand in brackets. */
export function joinPath(...[root = "", ...segments]: readonly PropertyKey[]): string {
  return segments.reduce<string>((path, segment) => {
    if (typeof segment === "number") return `${path}[${segment}]`;
    const name = String(segment);
    return /^[\w-]+$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
  }, String(root));
}

/** Parses with a schema: the typed value, or every problem, with paths that begin with `root`. Throws nothing. */
export function parse<T>(schema: z.ZodType<T>, input: unknown, root: string): { value?: T; problems: Problem[] } {
  const result = schema.safeParse(input, { reportInput: true });
  return result.success
    ? { value: result.data, problems: [] }
    : { problems: result.error.issues.flatMap((issue) => problemsOf(issue, [root], input)) };
}

function problemsOf(issue: z.core.$ZodIssue, root: PropertyKey[], input: unknown): Problem[] {
  const path = [...root, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split(" ");
    return issue.keys.map((key) => ({ path: joinPath(...path, key), message: unknownKey(key, known) }));
  }
  if (issue.code === "invalid_union" && issue.discriminator !== undefined) {
    const value = (issue.input as Record<string, unknown> | undefined)?.[issue.discriminator];
    const expected = issue.message.replace(/^.*Expected /, "");
    return [
      {
        path: joinPath(...path),
        message: value === undefined ? `is missing; write ${expected}` : `${JSON.stringify(value)}: write ${expected}`,
      },
    ];
  }
  if (issue.code === "invalid_union" && issue.errors.length) {
    // The branch with the fewest issues is the one most likely meant.
    const nearest = issue.errors.reduce((best, branch) => (branch.length < best.length ? branch : best));
    return nearest.flatMap((inner) => problemsOf(inner, path, issue.input ?? input));
  }
  if (issue.code === "invalid_key")
    return [{ path: joinPath(...path), message: issue.issues.map(({ message }) => message).join("; ") }];
  return [{ path: joinPath(...path), message: messageOf(issue) }];
}

/**
 * The known names, for a message about an unknown one: the nearest first if it is likely to be meant (at most two
 * edits, or a third of the name), then all. Follows a semicolon: `did you mean "iad"? Known: iad, ams`, `known: iad,
 * ams`, or `there are none`.
 */
export function suggestKnown(name: string, known: readonly string[]): string {
  if (known.length === 0) return "there are none";
  const nearest = closest(name, known);
  const isNear = distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, name.length / 3);
  const names = known.join(", ");
  return isNear ? `did you mean ${JSON.stringify(nearest)}? Known: ${names}` : `known: ${names}`;
}

/** Message about a name that does not exist. `what`: with its article, e.g. `a stream of shop`. */
export const unknownName = (name: string, what: string, known: readonly string[]): string =>
  `${JSON.stringify(name)} is not ${what}; ${suggestKnown(name, known)}`;

/** Message about a key that an object does not have; the key itself stands in the path. */
export const unknownKey = (key: string, known: readonly string[]): string =>
  `is not a known key; ${suggestKnown(key, known)}`;

function messageOf(issue: z.core.$ZodIssue): string {
  const expected = issue.message.replace(/^Invalid \w+: /, "").replace(/, received \w+$/, "");
  if (issue.code === "custom") return expected;
  return issue.input === undefined ? `is missing; ${expected}` : `${JSON.stringify(issue.input)}: ${expected}`;
}

/**
 * An object that refuses unknown keys. Its error message holds the known ones, for `problemsOf` to name the nearest.
 */
export function strictObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(" ");
  return z.strictObject(shape, { error: (issue) => (issue.code === "unrecognized_keys" ? known : undefined) });
}
