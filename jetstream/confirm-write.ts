import { pollUntil } from "../config/poll-until";
import { ApiError, NoAnswer } from "./errors";
import type { Info } from "./info";
import { pollMs } from "./observe";
import { timeouts } from "./timeouts";

/**
 * The answer of a write. A write without an answer may have been done, and one that answers "exists already" (10058, 10148)
 * was done by another request: both are read back with `observed` until `isDone`, and never sent again.
 *
 * @param write in words, e.g. `creation of stream covenant/EVENTS`
 * @throws what the write answered, or that it is not visible after `timeouts.settleMs`
 */
export async function confirmWrite(
  answer: Promise<Info | undefined>,
  observed: () => Promise<Info | undefined>,
  isDone: (info: Info | undefined) => boolean,
  write: string,
): Promise<Info | undefined> {
  try {
    return await answer;
  } catch (error) {
    const isUncertain = error instanceof NoAnswer || (error instanceof ApiError && error.isTaken);
    if (!isUncertain) throw error;
    return untilDone(observed, isDone, write, error);
  }
}

/** What `observed` gives as soon as the write `isDone`. `cause`: why its answer does not say so. */
export async function untilDone(
  observed: () => Promise<Info | undefined>,
  isDone: (info: Info | undefined) => boolean,
  write: string,
  cause?: Error,
): Promise<Info | undefined> {
  const done = await pollUntil(
    async () => {
      const info = await observed();
      return isDone(info) && { info };
    },
    timeouts.settleMs,
    pollMs,
  );
  if (done) return done.info;
  throw new Error(
    `${write}: ${cause?.message ?? "accepted"}, but not yet visible on the server; it may still complete. ` +
      "Re-running is safe: what was done is found, and not repeated.",
    { cause },
  );
}
