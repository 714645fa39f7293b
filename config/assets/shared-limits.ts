/**
 * A consumer over several streams is one durable a stream. Its limits are those of all of them together: what was
 * written for one consumer must not grow with the number of streams that it is split over.
 */
const shared = new Set(["maxAckPending", "rateLimitBps"]);

/** What each of this many durables gets: in all at most what the consumer has, but one each at least. */
export const shareOf = <T extends object>(consumer: T, durables: number): T =>
  withLimits(consumer, (limit) => Math.max(1, Math.floor(limit / durables)));

/** The consumer that this many durables are the shares of. */
export const sumOf = <T extends object>(durable: T, durables: number): T =>
  withLimits(durable, (limit) => limit * durables);

/** Changes the shared limits that are numbers. */
const withLimits = <T extends object>(consumer: T, change: (limit: number) => number): T => ({
  ...consumer,
  ...Object.fromEntries(
    Object.entries(consumer)
      .filter(([name, limit]) => shared.has(name) && typeof limit === "number")
      .map(([name, limit]) => [name, change(limit as number)]),
  ),
});
