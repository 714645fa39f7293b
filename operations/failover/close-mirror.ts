import { setTimeout as sleep } from "node:timers/promises";
import { parkedSubject } from "../../config/assets/standard";
import { timeouts } from "../../jetstream/timeouts";
import type { FailoverPair } from "./failover-pair";

/**
 * Takes its subjects away from a mirror whose messages are about to be counted and which is then deleted: a message
 * that was on its way while servers reloaded, or comes by a server that did not answer and still maps, would be
 * acknowledged, and deleted with it. Now it gets no acknowledgement.
 */
export async function closeMirror(pair: FailoverPair, name: string): Promise<void> {
  await pair.update(name, (config) => ({ ...config, subjects: [parkedSubject(name)] }));
  await sleep(timeouts.arrivalMs);
}
