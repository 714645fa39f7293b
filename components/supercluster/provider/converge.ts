import { setTimeout as sleep } from "node:timers/promises";
import { logProgress } from "../../log-progress";
import type { Problem } from "../pod-problems";
import { isTransient, NoAnswer, reasonOf } from "./kubernetes-client";

/** The next step, by what was just observed. */
export type Next = { do: "nothing" } | Wait | { do: "act"; what: string; act: () => Promise<void> };

interface Wait {
  do: "wait";
  reason: string;
  /** What keeps it from going on, if it is known: logged as soon as it is another one than before. */
  problem?: string;
}

/** Waiting, with what Kubernetes reports as the cause. */
export const waitingFor = (reason: string, problems: readonly Problem[]): Wait => ({
  do: "wait",
  reason,
  ...(problems.length > 0 && { problem: problems.map(({ subject, text }) => `${subject}: ${text}`).join("; ") }),
});

export interface Patience {
  /** Without an action for this long it fails. Pulling an image onto a new node takes minutes. */
  stuckMs: number;
  everyMs: number;
  /** Interval of progress lines while waiting. */
  logEveryMs: number;
}

const patience: Patience = { stuckMs: 10 * 60_000, everyMs: 1_000, logEveryMs: 15_000 };

/**
 * Performs the next step until nothing is left. It keeps no state: an interrupted run continues from what it observes.
 *
 * @param region its name in messages
 * @param look observes, and decides on the next step
 * @param advice what to do when it is stuck; the message gives the reason first
 * @throws when nothing was done for `stuckMs`, 10 minutes by default
 */
export async function converge(
  region: string,
  look: () => Promise<Next>,
  advice: string,
  { stuckMs, everyMs, logEveryMs }: Patience = patience,
): Promise<void> {
  let [since, said] = [Date.now(), Date.now()];
  let problem: string | undefined;
  for (; ; await sleep(everyMs)) {
    const next = await look().catch(waitFor);
    if (next.do === "nothing") return;
    const waiting = next.do === "act" ? await act(region, next) : next;
    if (!waiting) {
      [since, said] = [Date.now(), Date.now()];
      continue;
    }
    const waited = Date.now() - since;
    const reason = waiting.problem === undefined ? waiting.reason : `${waiting.reason} (${waiting.problem})`;
    const isNews = waiting.problem !== undefined && waiting.problem !== problem;
    if (isNews || Date.now() - said > logEveryMs) {
      // With the time no line equals another: equal ones of a run are shown once.
      logProgress(`${region}: waiting for ${Math.round(waited / 1000)} s, ${reason}`);
      said = Date.now();
    }
    if (waited > stuckMs)
      throw new Error(
        `${region}: ${reason}, for ${stuckMs / 60_000} min. ${advice}; then run this again; it continues from here`,
      );
    problem = waiting.problem;
  }
}

/** Performs a step; what to wait for, if that failed for a moment. */
function act(region: string, next: Extract<Next, { do: "act" }>): Promise<Wait | undefined> {
  logProgress(`${region}: ${next.what}`);
  // If it was done although no answer came, the next observation shows that.
  return next.act().then(() => undefined, waitFor);
}

/** A cluster that does not answer for a moment must not leave a region half updated. */
function waitFor(error: unknown): Wait {
  if (!isTransient(error)) throw error;
  const reason = reasonOf(error);
  return { do: "wait", reason: error instanceof NoAnswer ? reason : `the Kubernetes API did not answer: ${reason}` };
}
