import type { ConsumerInfo } from "@nats-io/jetstream";

type Position = Pick<ConsumerInfo, "num_ack_pending" | "delivered" | "ack_floor" | "config">;

/** Whether it can give up a message: it acknowledges each one by itself. */
const isExplicit = ({ config }: Position): boolean => config.ack_policy === "explicit";

/**
 * Sequence up to which a consumer has finished with every message: acknowledged it, or given it up. Where one
 * acknowledgement stands for all before it, what is not acknowledged counts as unfinished. Pure.
 */
export function floorOf(position: Position): number {
  const { num_ack_pending, delivered, ack_floor, config } = position;
  const isDelivered = config.ack_policy === "none" || (isExplicit(position) && num_ack_pending === 0);
  return isDelivered ? delivered.stream_seq : ack_floor.stream_seq;
}

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
