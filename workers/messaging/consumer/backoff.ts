/** A delay that doubles with each failure, in milliseconds. */
export interface Growth {
  /** After the first failure. */
  first: number;
  /** Longest. */
  most: number;
}

/** Part of a delay that is added at random, at most: workers that failed together do not come back together. */
const jitter = 0.25;

/**
 * Delay after the given number of failures, from 1 on: `first` doubled each time, at most `most`, then up to a quarter
 * more at random.
 *
 * @param random from 0 to 1
 */
export function growingDelay(failures: number, { first, most }: Growth, random = Math.random()): number {
  const delay = Math.min(most, first * 2 ** Math.min(failures - 1, 52));
  return Math.round(delay * (1 + jitter * random));
}

/** Where the durable has no backoff. */
const withoutBackoff: Growth = { first: 5_000, most: 5 * 60_000 };

/**
 * Milliseconds until a message is delivered again that failed: the durable's backoff, whose last entry repeats, else a
 * growing delay from 5 s to 5 min. (A negative acknowledgement without a delay would be delivered again at once,
 * whatever the durable's backoff.)
 *
 * @param delivery of this message, from 1 on
 * @param backoff of the durable, in milliseconds
 */
export function retryDelay(delivery: number, backoff: readonly number[], random = Math.random()): number {
  return backoff[Math.min(delivery, backoff.length) - 1] ?? growingDelay(delivery, withoutBackoff, random);
}
