import { ordinalOfServer } from "../../config/topology";
import type { Problem } from "./pod-problems";

/**
 * The next step until all of a region's pods are as their StatefulSet specifies. Pure: an interrupted run continues
 * from the observed state.
 */

/** A StatefulSet with its pods, at one moment. */
export interface RegionView {
  /** Whether Kubernetes has seen the last change of the StatefulSet. */
  isObserved: boolean;
  replicas: number;
  /** Revision that pods should have. */
  revision: string;
  pods: PodView[];
  /** Pod of the meta leader, where it is one of these. */
  leader?: string;
  /** Why pods are missing, not ready, or do not end. */
  problems: Problem[];
}

export interface PodView {
  name: string;
  revision: string;
  isReady: boolean;
  isTerminating: boolean;
  /** Its server gives more to JetStream than it should, which its revision does not show. */
  isOversized?: boolean;
  /** What its server was given and has not loaded, in words; undefined: nothing. */
  notLoaded?: string;
  /** Why its server is not current; undefined: it follows a meta leader, and all its streams and consumers are. */
  behind?: string;
}

export type RolloutStep =
  { do: "nothing" } | { do: "wait"; reason: string } | { do: "replace"; pod: string; reason: string };

/**
 * One pod at a time, each only when the others are ready and, where there was a meta leader, current; the meta leader's
 * pod is last. A pod that is outdated and not ready serves no client and may keep the others from being ready: it is
 * first. Complete when every server has loaded the accounts file and its certificates, which change without a new
 * revision.
 */
export function nextRolloutStep(
  { isObserved, replicas, revision, pods, leader }: Omit<RegionView, "problems">,
  hadLeader: boolean,
): RolloutStep {
  const wait = (reason: string): RolloutStep => ({ do: "wait", reason });
  if (!isObserved) return wait("Kubernetes has not processed the change yet");
  const ending = pods.find(({ isTerminating }) => isTerminating);
  if (ending) return wait(`${ending.name} is terminating`);
  const outdated = outdatedOf({ revision, pods });
  const broken = outdated.find(({ isReady }) => !isReady);
  if (broken) return { do: "replace", pod: broken.name, reason: "it is outdated, and not ready" };
  if (pods.length < replicas) return wait(`${pods.length} of ${replicas} pods exist`);
  const unready = pods.find(({ isReady }) => !isReady);
  if (unready) return wait(`${unready.name} is not ready`);
  const stale = hadLeader && pods.find(({ behind }) => behind !== undefined);
  if (stale) return wait(`${stale.name} is not current: ${stale.behind}`);
  const [next] = outdated.toSorted(
    (left, right) =>
      Number(left.name === leader) - Number(right.name === leader) ||
      ordinalOfServer(right.name) - ordinalOfServer(left.name),
  );
  if (next) return { do: "replace", pod: next.name, reason: "it is outdated" };
  const unloaded = pods.find(({ notLoaded }) => notLoaded !== undefined);
  if (!unloaded) return { do: "nothing" };
  return wait(
    `${unloaded.name} has not loaded the current ${unloaded.notLoaded}; the logs of its containers reloader and nats ` +
      "show whether it was reloaded, and why not",
  );
}

/** Pods that are still to be replaced. */
export const outdatedOf = ({ revision, pods }: Pick<RegionView, "revision" | "pods">): PodView[] =>
  pods.filter((pod) => pod.revision !== revision || pod.isOversized);
