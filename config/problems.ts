import { closest, distance } from "fastest-levenshtein";
import * as z from "zod";

/** One mistake in settings or tenants: where it is, and what was found and expected. */
export interface Problem {
  path: string;
  message: string;
}

/** All mistakes of an input at once; nothing has been done when it is thrown. */
export class InvalidInput extends Error {
  constructor(
    readonly problems: readonly Problem[],
    what = "settings",
  ) {
    const count = problems.length === 1 ? "1 mistake" : `${problems.length} mistakes`;
    super(
      `${count} in the ${what}, nothing was done:\n${problems.map(({ path, message }) => `  ${path}: ${message}`).join("\n")}`,
    );
    this.name = "InvalidInput";
  }
}

/** `a.b[0].c` of a path and what follows it; names that are no identifiers stand in brackets. */
export function joinPath(...[root = "", ...segments]: readonly PropertyKey[]): string {
  return segments.reduce<string>((path, segment) => {
    if (typeof segment === "number") return `${path}[${segment}]`;
    const name = String(segment);
    return /^[\w-]+$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
  }, String(root));
}

/** Parses with a schema: the typed value, or every problem under `root`. */
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
    // The branch that failed least deep says the most.
    const nearest = issue.errors.reduce((best, branch) => (branch.length < best.length ? branch : best));
    return nearest.flatMap((inner) => problemsOf(inner, path, issue.input ?? input));
  }
  if (issue.code === "invalid_key")
    return [{ path: joinPath(...path), message: issue.issues.map(({ message }) => message).join("; ") }];
  return [{ path: joinPath(...path), message: messageOf(issue) }];
}

/** What there is instead of a name that there is not: the one probably meant, if any is near, and all. */
export function suggestKnown(name: string, known: readonly string[]): string {
  if (known.length === 0) return "there are none";
  const nearest = closest(name, known);
  const isNear = distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, name.length / 3);
  return `${isNear ? `did you mean ${JSON.stringify(nearest)}? ` : ""}Known: ${known.join(", ")}`;
}

export const unknownKey = (key: string, known: readonly string[]): string =>
  `is not a known key; ${suggestKnown(key, known)}`;

function messageOf(issue: z.core.$ZodIssue): string {
  const expected = issue.message.replace(/^Invalid \w+: /, "").replace(/, received \w+$/, "");
  if (issue.code === "custom") return expected;
  return issue.input === undefined ? `is missing; ${expected}` : `${JSON.stringify(issue.input)}: ${expected}`;
}

/** An object that refuses unknown keys; its error message carries the known ones, so that the nearest can be named. */
export function strictObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(" ");
  return z.strictObject(shape, { error: (issue) => (issue.code === "unrecognized_keys" ? known : undefined) });
}
