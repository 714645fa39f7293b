import type { PodView } from "../rollout-steps";

/**
 * The pod that the next forwarded connection goes to: those that are ready and not terminating, by turns. Undefined
 * where there is none.
 *
 * @param pods in a stable order
 * @param turn number of the connection, from 0
 */
export function forwardTarget(pods: readonly PodView[], turn: number): PodView | undefined {
  const ready = pods.filter(({ isReady, isTerminating }) => isReady && !isTerminating);
  return ready[turn % Math.max(1, ready.length)];
}
