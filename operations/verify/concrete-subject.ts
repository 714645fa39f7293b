import { covers, overlaps } from "../../config/subjects";

/** Replaces a `*`, or the `>` at the end. */
const filler = "verify";

/** A subject without wildcards that matches all patterns; undefined if there is none. Pure. */
export function concreteSubject(patterns: readonly string[]): string | undefined {
  const all = patterns.map((pattern) => pattern.split("."));
  const length = Math.max(0, ...all.map((tokens) => tokens.length));
  const token = (index: number) =>
    all.map((tokens) => tokens[index]).find((here) => here !== undefined && here !== "*" && here !== ">");
  const subject = Array.from({ length }, (_, index) => token(index) ?? filler).join(".");
  return patterns.every((pattern) => covers(pattern, subject)) ? subject : undefined;
}

/** A subject without wildcards that matches one pattern of each list; undefined if there is none. Pure. */
export function subjectInAll(...lists: readonly (readonly string[])[]): string | undefined {
  const search = (chosen: string[], [list, ...rest]: readonly (readonly string[])[]): string | undefined => {
    if (!list) return concreteSubject(chosen);
    for (const pattern of list) {
      if (!chosen.every((other) => overlaps(other, pattern))) continue;
      const found = search([...chosen, pattern], rest);
      if (found) return found;
    }
    return undefined;
  };
  return search([], lists);
}
