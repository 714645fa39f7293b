import { toMilliseconds } from "../../config/units";
import { plural } from "../../config/plural";
import { deadLetterSubject } from "../../workers/messaging/contract";
import type { DeadLetter } from "./letter";

/** Which dead letters; what is left out selects all. */
export interface Selection {
  /** Ids, as `list` prints them. Then the others must be left out. */
  ids?: readonly string[];
  stream?: string;
  durable?: string;
  reason?: string;
  /** Given up at most this long ago. */
  since?: string;
  /** Text that is part of the error. */
  error?: string;
}

/** Subjects of the letters that a selection without ids may contain. Pure. */
export const filterOf = ({ stream = "*", durable = "*" }: Selection): string => deadLetterSubject(stream, "*", durable);

/** The time from which letters are selected. */
export const sinceOf = ({ since }: Selection, now = Date.now()): Date | undefined =>
  since === undefined ? undefined : new Date(now - toMilliseconds(since));

/** Whether a letter is selected, by what its subject does not say. Pure. */
export const isSelected = (letter: DeadLetter, { reason, error }: Selection): boolean =>
  (reason === undefined || letter.reason === reason) && (error === undefined || !!letter.error?.includes(error));

/** Counts of letters by durable and reason, most first: `SMS/sms-worker: 12 attempts, 1 invalid`. Pure. */
export function countsOf(letters: readonly Pick<DeadLetter, "stream" | "durable" | "reason">[]): string[] {
  const byDurable = Map.groupBy(letters, ({ stream, durable }) => `${stream}/${durable}`);
  const bySize = <T>(groups: Map<string, T[]>) =>
    [...groups].toSorted(([, one], [, other]) => other.length - one.length);
  return bySize(byDurable).map(([durable, own]) => {
    const reasons = bySize(Map.groupBy(own, ({ reason }) => reason));
    return `${durable}: ${reasons.map(([reason, { length }]) => `${length} ${reason}`).join(", ")}`;
  });
}

/** `12 dead letters`. */
export const lettersText = (count: number): string => plural(count, "dead letter");
