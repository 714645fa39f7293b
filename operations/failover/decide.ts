import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../engine/failure";
import type { FailoverDecision } from "./steps";

const settleMs = 500;

type Step<Decision> = Exclude<Decision, { refuse: string }>;

/**
 * What `decide` decides. A refusal is decided again after 500 ms: the facts come from several servers, so a change
 * that is carried out between two answers, such as the last request of a run that was killed, looks like a state that
 * has to be refused.
 * @throws {Failure} for what is still refused then.
 */
export async function decideSettled<Decision extends FailoverDecision<string>>(
  decide: () => Promise<Decision>,
  pauseMs = settleMs,
): Promise<Step<Decision>> {
  let next = await decide();
  if ("refuse" in next) {
    await sleep(pauseMs);
    next = await decide();
  }
  if ("refuse" in next) throw new Failure(next.refuse);
  return next as Step<Decision>;
}
