import { pollUntil } from "../config/poll-until";
import { ApiError, NoAnswer } from "./errors";
import type { Info } from "./info";
import { pollMs } from "./observe";
import { timeouts } from "./timeouts";

/**
 * The answer of a write. A write without an answer may have been done, and one that is answered with "exists already"
 * (errors 10058, 10148) was done by another request: both are read back with `observed` until `isDone`, and never sent
 * again.
 *
 * @param write in words for errors, for example `creation of stream covenant/EVENTS`
 * @throws the write's own error, or that it is not visible after `timeouts.settleMs`
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

/** What `observed` returns as soon as the write `isDone`. `cause`: why the write's own answer does not show that. */
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
      "Re-running is safe: a completed write is detected and not repeated.",
    { cause },
  );
}
