import { floorOf, isExplicit, type Position } from "../messaging";

/**
 * The durables that may have given up a message that is still in their stream, if all consumers that want it have
 * finished with it: those that acknowledge explicitly. None if a consumer may still deliver it, or if none wants it.
 * Pure.
 */
export function isForgotten<C extends Position>(
  { seq, subject }: { seq: number; subject: string },
  consumers: readonly C[],
): C[] {
  const wanting = consumers.filter((consumer) => filtersOf(consumer).some((filter) => matches(filter, subject)));
  return wanting.every((consumer) => floorOf(consumer) >= seq) ? wanting.filter(isExplicit) : [];
}

/**
 * Where forgotten messages can be: subjects, and the sequence up to which all consumers that want them all have
 * finished. What waits for a slow durable is not looked at because of a faster one with other subjects. Pure.
 */
export function placesToLook(consumers: readonly Position[]): { filter: string; upTo: number }[] {
  const filters = [...new Set(consumers.filter(isExplicit).flatMap(filtersOf))];
  const widest = filters.filter((filter) => !filters.some((other) => other !== filter && matches(other, filter)));
  return widest.map((filter) => {
    const wanting = consumers.filter((consumer) => filtersOf(consumer).some((own) => matches(own, filter)));
    return { filter, upTo: Math.min(...wanting.map(floorOf)) };
  });
}

const filtersOf = ({ config }: Position): string[] => {
  if (config.filter_subjects?.length) return config.filter_subjects;
  return config.filter_subject ? [config.filter_subject] : [">"];
};

/** Whether a filter, which may have wildcards, matches a subject, or all that another filter matches. */
export function matches(filter: string, subject: string): boolean {
  const [wanted, found] = [filter.split("."), subject.split(".")];
  const isMatch = (token: string, other: string | undefined): boolean =>
    token === ">" || (other !== undefined && other !== ">" && (token === "*" || token === other));
  return (
    wanted.every((token, index) => isMatch(token, found[index])) &&
    (wanted.at(-1) === ">" ? found.length >= wanted.length : found.length === wanted.length)
  );
}
