import type { ConsumerInfo } from "@nats-io/jetstream";

type Position = Pick<ConsumerInfo, "num_ack_pending" | "delivered" | "ack_floor" | "config">;

/** Sequence up to which a durable has finished with every message: acknowledged it, or given it up. Pure. */
export const floorOf = ({ num_ack_pending, delivered, ack_floor }: Position): number =>
  num_ack_pending === 0 ? delivered.stream_seq : ack_floor.stream_seq;

/**
 * The durables that have finished with a message that is still in their stream, if all that want it have: at least one
 * of them gave it up. None if one may still deliver it, or if none wants it. Pure.
 */
export function isForgotten<D extends Position>(
  { seq, subject }: { seq: number; subject: string },
  durables: readonly D[],
): D[] {
  const wanting = durables.filter((durable) => filtersOf(durable).some((filter) => matches(filter, subject)));
  return wanting.every((durable) => floorOf(durable) >= seq) ? wanting : [];
}

const filtersOf = ({ config }: Position): string[] => {
  if (config.filter_subjects?.length) return config.filter_subjects;
  return config.filter_subject ? [config.filter_subject] : [">"];
};

/** Whether a subject matches a filter, which may have wildcards. */
export function matches(filter: string, subject: string): boolean {
  const [wanted, found] = [filter.split("."), subject.split(".")];
  return (
    wanted.every(
      (token, index) => token === ">" || (found[index] !== undefined && ["*", found[index]].includes(token)),
    ) && (wanted.at(-1) === ">" ? found.length >= wanted.length : found.length === wanted.length)
  );
}
