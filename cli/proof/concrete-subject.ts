import { covers, overlaps } from "../../config/subjects";

/** What stands for one `*`, and for the last token behind a `>`. */
const filler = "verify";

/** One subject without wildcards that matches all the patterns, if there is one. */
export function concreteSubject(patterns: readonly string[]): string | undefined {
  const all = patterns.map((pattern) => pattern.split("."));
  if (all.length === 0) return undefined;
  const subject: string[] = [];
  for (let index = 0; ; index++) {
    // A pattern that ended in `>` before has no say any more.
    const here = all.filter((tokens) => !tokens.slice(0, index).includes(">"));
    if (here.length === 0 || here.every((tokens) => tokens.length === index)) break;
    const literal = here.map((tokens) => tokens[index]).find((token) => token !== undefined && token !== "*" && token !== ">");
    subject.push(literal ?? filler);
  }
  const result = subject.join(".");
  return patterns.every((pattern) => covers(pattern, result)) ? result : undefined;
}

/** A concrete subject in one pattern of each list. */
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
