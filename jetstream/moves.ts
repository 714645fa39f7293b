import type { Declared } from "../config/assets/declared";
import { parkedSubject } from "../config/assets/standard";
import { overlaps } from "../config/subjects";

/** Subjects that move between streams, and filters between durables of a work queue: decisions, pure. */

/** One of the streams whose subjects change together. */
export interface Member {
  name: string;
  /** Subjects that it captures before. */
  found: string[];
  /** Subjects that it captures afterwards. */
  wanted: string[];
}

/** A stream that is ready to change its subjects together with others. */
export interface Offer extends Member {
  /** Streams that give it subjects or get some of it. */
  partners: string[];
  /** Whether no other stream has what it takes or waits for what it gives: a partner may have been recreated. */
  isFree(): Promise<boolean>;
  /** Sets its subjects with one request. */
  setSubjects(subjects: string[]): Promise<unknown>;
}

/** Moves of subjects between the streams of one account (subject-moves.ts). */
export interface Moves {
  /** What the stack declares of the account. */
  declared: Declared;
  /** Joins a stream; changes the subjects of all that belong together where it is the last of them. */
  join(offer: Offer): void;
  /**
   * Waits for the subjects of a stream that joined; false if its partners have not come within `timeouts.partnersMs`.
   *
   * @throws what kept the subjects from being changed; they are as before then, as far as servers answered
   */
  settled(name: string): Promise<boolean>;
  /** Names of the streams that one of them waits for. */
  partnersOf(name: string): string[];
}

const overlapsAny = (subject: string, others: string[]): boolean => others.some((other) => overlaps(subject, other));

/** Subjects that a stream gets and does not have yet. */
export const gainedBy = ({ found, wanted }: Omit<Member, "name">): string[] =>
  wanted.filter((subject) => !found.includes(subject));

/** Declared streams that get a subject which the stream gives up. `declared`: subjects by stream. */
export function takersFrom({ name, found, wanted }: Member, declared: Record<string, string[]>): string[] {
  const given = found.filter((subject) => !wanted.includes(subject) && subject !== parkedSubject(name));
  return Object.entries(declared).flatMap(([other, subjects]) =>
    other !== name && subjects.some((subject) => overlapsAny(subject, given)) ? [other] : [],
  );
}

/**
 * Subjects of each member after the first of two steps, in which all of them give up what others take; in the second,
 * each gets what it wants. Within a step any order is possible: no subject overlaps one of another stream.
 */
export function released(members: Member[]): Map<string, string[]> {
  return new Map(
    members.map((member) => {
      const others = members.filter((other) => other !== member).flatMap(({ found }) => found);
      const free = member.wanted.filter((subject) => !overlapsAny(subject, others));
      return [member.name, free.length ? free : [parkedSubject(member.name)]];
    }),
  );
}

/** Names of all that are connected with one, itself included; undefined while one of them is not known yet. */
export function connected(name: string, links: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const found = new Set([name]);
  for (const one of found) {
    const others = links.get(one);
    if (!others) return undefined;
    for (const other of others) found.add(other);
  }
  return [...found];
}

/** Durables of a work queue that take messages which one with these filters would take too. By name: their filters. */
export const rivalsOf = (name: string, filters: string[], others: Record<string, string[]>): string[] =>
  Object.entries(others).flatMap(([other, own]) =>
    other !== name && filters.some((filter) => overlapsAny(filter, own)) ? [other] : [],
  );

/**
 * Durables of a work queue that wait for each other's filters, in a circle with this one; undefined if there is none.
 * `found` and `declared`: filters by durable.
 */
export function circleOf(
  name: string,
  found: Record<string, string[]>,
  declared: Record<string, string[]>,
): string[] | undefined {
  const waitsFor = (one: string) => (declared[one] ? rivalsOf(one, declared[one], found) : []);
  const search = (path: string[]): string[] | undefined => {
    for (const next of waitsFor(path.at(-1)!)) {
      if (next === name) return path;
      const circle = path.includes(next) ? undefined : search([...path, next]);
      if (circle) return circle;
    }
    return undefined;
  };
  return search([name]);
}
