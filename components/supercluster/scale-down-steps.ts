import { ordinalOfServer } from "../../config/topology";
import type { Problem } from "./pod-problems";

/**
 * The next step until a region's StatefulSet has no more pods than the region has servers. Pure: an interrupted run
 * continues from the observed state.
 */

/** A StatefulSet with the pods that leave, at one moment. */
export interface ScaleView {
  /** Whether Kubernetes has seen the last change of the StatefulSet. */
  isObserved: boolean;
  replicas: number;
  /** Names of existing pods, terminating ones included. */
  pods: readonly string[];
  /** Why pods do not terminate. */
  problems: Problem[];
  /** Streams on the pod with the highest number; undefined: it does not answer. */
  streamsOnLast?: number;
}

export type ScaleStep =
  | { do: "nothing" }
  | { do: "wait"; reason: string }
  | { do: "scale"; pod: string; replicas: number }
  | { do: "refuse"; pod: string; streams: number };

/** Stops the pod with the highest number, waits until it is gone, then the next; never one that holds a stream. */
export function nextScaleStep(
  { isObserved, replicas, pods, streamsOnLast = 0 }: Omit<ScaleView, "problems">,
  { statefulSet, servers }: { statefulSet: string; servers: number },
): ScaleStep {
  if (!isObserved) return { do: "wait", reason: "Kubernetes has not processed the change yet" };
  const leaving = pods.find((pod) => ordinalOfServer(pod) >= replicas);
  if (leaving !== undefined) return { do: "wait", reason: `${leaving} is terminating` };
  if (replicas <= servers) return { do: "nothing" };
  const pod = `${statefulSet}-${replicas - 1}`;
  if (streamsOnLast > 0) return { do: "refuse", pod, streams: streamsOnLast };
  return { do: "scale", pod, replicas: replicas - 1 };
}
