/** Subject algebra of NATS: tokens between dots, `*` for one token, a last `>` for one or more. */

const tokens = (subject: string): string[] => subject.split(".");

/** Whether the text is a subject that may be subscribed to (wildcards allowed). */
export function isSubject(subject: string): boolean {
  return (
    subject !== "" &&
    !/\s/.test(subject) &&
    tokens(subject).every(
      (token, index, all) =>
        token !== "" && (!/[*>]/.test(token) || token === "*" || (token === ">" && index === all.length - 1)),
    )
  );
}

/** Whether some concrete subject matches both. */
export function overlaps(a: string, b: string): boolean {
  const [left, right] = [tokens(a), tokens(b)];
  for (let index = 0; ; index++) {
    const [l, r] = [left[index], right[index]];
    if (l === undefined || r === undefined) return l === r;
    if (l === ">" || r === ">") return true;
    if (l !== r && l !== "*" && r !== "*") return false;
  }
}

/** The subject that exactly those match which match both; undefined if none does. */
export function intersection(a: string, b: string): string | undefined {
  if (!overlaps(a, b)) return undefined;
  const [left, right] = [tokens(a), tokens(b)];
  const both: string[] = [];
  for (let index = 0; ; index++) {
    const [l, r] = [left[index], right[index]];
    if (l === undefined || r === undefined) return both.join(".");
    if (l === ">") return [...both, ...right.slice(index)].join(".");
    if (r === ">") return [...both, ...left.slice(index)].join(".");
    both.push(l === "*" ? r : l);
  }
}

/** Whether every concrete subject that matches `inner` matches `outer` too. */
export const covers = (outer: string, inner: string): boolean => coversTokens(tokens(outer), tokens(inner));

function coversTokens(left: readonly string[], right: readonly string[]): boolean {
  for (let index = 0; ; index++) {
    const [l, r] = [left[index], right[index]];
    if (l === undefined || r === undefined) return l === r;
    if (l === ">") return true;
    if (r === ">" || (l !== r && l !== "*") || (r === "*" && l !== "*")) return false;
  }
}

/** The shortest list that matches the same subjects, in the order given. */
export function withoutCovered(subjects: readonly string[]): string[] {
  const distinct = [...new Set(subjects)].map((subject) => ({ subject, parts: tokens(subject) }));
  // One without wildcards covers itself alone, and most have none.
  const patterns = distinct.filter(({ parts }) => parts.includes("*") || parts.includes(">"));
  return distinct
    .filter((one) => !patterns.some((other) => other !== one && coversTokens(other.parts, one.parts)))
    .map(({ subject }) => subject);
}
