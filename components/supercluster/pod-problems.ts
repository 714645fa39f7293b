import type { CoreV1Event, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";

/** Why pods do not become ready, as Kubernetes reports it: from their status, and from events. Pure. */

export interface Problem {
  /** Name of the pod, or of the StatefulSet. */
  subject: string;
  /** The same problem keeps its kind while its words change, as between two attempts. */
  kind: Kind;
  /** What Kubernetes reports. */
  text: string;
  /** It does not end a run now, however long it has lasted: the container runs again and may become ready. */
  mayRecover?: boolean;
}

/** How long each kind may last, and what ends it. Without a limit the caller's patience decides. */
const kinds = {
  /** Back-off between two attempts grows to minutes; a registry that fails for a moment is back before. */
  image: { finalAfterMs: 60_000, advice: "correct kubernetes.images, or the registry and its pull secret" },
  imageName: { finalAfterMs: 0, advice: "correct kubernetes.images" },
  container: { finalAfterMs: 60_000, advice: "create the Secret or ConfigMap that it names" },
  crash: { finalAfterMs: 180_000, advice: "read why it exits: kubectl logs --previous" },
  quota: { finalAfterMs: 60_000, advice: "raise the quota of the namespace, or lower kubernetes.resources" },
  /** An autoscaler has a new node ready within three to four minutes. */
  unschedulable: {
    finalAfterMs: 300_000,
    advice: "add or uncordon a node that fits, or lower what the pods ask for (docs/runbooks/replace-a-node.md)",
  },
  /** A volume is detached from a node that is lost after six minutes. */
  mount: {
    finalAfterMs: undefined,
    advice: "restore the volume or Secret that cannot be mounted (docs/runbooks/lost-volume.md)",
  },
  lost: {
    finalAfterMs: undefined,
    advice: "bring the node back, or delete it if it is gone (docs/runbooks/replace-a-node.md)",
  },
  probe: { finalAfterMs: undefined, advice: "read the server's log" },
  other: { finalAfterMs: undefined, advice: "read its events" },
} satisfies Record<string, { finalAfterMs: number | undefined; advice: string }>;

type Kind = keyof typeof kinds;

/** What to do about a problem. */
export const adviceOn = ({ kind }: Pick<Problem, "kind">): string => kinds[kind].advice;

/** Reasons for which a container waits. Source: pkg/kubelet/images/types.go and pkg/kubelet/container. */
const waitingKinds: Record<string, Kind> = {
  ErrImagePull: "image",
  ImagePullBackOff: "image",
  ErrImageNeverPull: "image",
  ImageInspectError: "image",
  RegistryUnavailable: "image",
  SignatureValidationFailed: "image",
  InvalidImageName: "imageName",
  CreateContainerConfigError: "container",
  CreateContainerError: "container",
  RunContainerError: "container",
  CrashLoopBackOff: "crash",
};

/**
 * Reasons of a pod's events, before its first container has started and after; the first that applies counts. Events
 * stay for an hour: what has passed since is not a problem any more.
 */
const eventKinds: Record<"before" | "after", Record<string, Kind>> = {
  before: { FailedMount: "mount", FailedAttachVolume: "mount", FailedCreatePodSandBox: "other", Unhealthy: "probe" },
  after: { Unhealthy: "probe" },
};

/** Milliseconds after the end of its grace period. */
const lateMs = 60_000;

/** What keeps a pod from being ready, or from terminating. Undefined: nothing is reported. */
export function problemOf(pod: V1Pod, events: CoreV1Event[], now: number): Problem | undefined {
  const { status, metadata, spec } = pod;
  const problem = (kind: Kind, text: string): Problem => ({ subject: metadata!.name!, kind, text });
  const { deletionTimestamp } = metadata!;
  if (deletionTimestamp !== undefined) {
    const isLate = now - new Date(deletionTimestamp).getTime() > lateMs;
    return isLate
      ? problem("lost", `it should have terminated by now, but node ${spec?.nodeName} has not confirmed it`)
      : undefined;
  }
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const container of containers) {
    const found = containerProblem(container);
    if (found) return { ...problem(...found), ...(container.state?.running && { mayRecover: true }) };
  }
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False")
    return problem("unschedulable", `Pending, ${scheduled.reason}: ${oneLine(scheduled.message)}`);
  const warnings = ofObject(events, metadata!.uid).filter(({ type }) => type === "Warning");
  const hasStarted = containers.some(({ state }) => state?.running ?? state?.terminated);
  for (const [reason, kind] of Object.entries(eventKinds[hasStarted ? "after" : "before"])) {
    const event = warnings.find((one) => one.reason === reason);
    if (event) return problem(kind, `${reason}: ${oneLine(event.message)}`);
  }
  return undefined;
}

/** Why a StatefulSet makes no pod; `isShort`: it has fewer than it should. */
export function creationProblem(
  { name, uid }: { name: string; uid: string | undefined },
  isShort: boolean,
  events: CoreV1Event[],
): Problem | undefined {
  // The newest is about the last attempt: an older failure is over.
  const last = ofObject(events, uid).find(({ reason }) => reason === "FailedCreate" || reason === "SuccessfulCreate");
  if (!isShort || last?.reason !== "FailedCreate") return undefined;
  const text = `FailedCreate: ${oneLine(last.message)}`;
  return { subject: name, kind: /exceeded quota/.test(text) ? "quota" : "other", text };
}

function containerProblem({ name, image, state, lastState, ready }: V1ContainerStatus): [Kind, string] | undefined {
  const { reason = "", message } = state?.waiting ?? {};
  const kind = waitingKinds[reason];
  const ended = state?.terminated ?? lastState?.terminated;
  // Between two attempts it runs, for a moment or until it is ready; what ended with 0 has done its work.
  if (kind === "crash" || (!kind && !ready && ended && ended.exitCode !== 0)) {
    const how = ended ? ` with ${ended.reason ?? "an error"}, exit code ${ended.exitCode}` : "";
    const why = ended?.message ? `: ${oneLine(ended.message)}` : "";
    return ["crash", `container ${name} exited${how}${why}${reason ? ` (${reason})` : ""}`];
  }
  if (!kind) return undefined;
  const what = kind === "image" || kind === "imageName" ? `image ${image} of container ${name}` : `container ${name}`;
  return [kind, `${what}: ${reason}${message ? `, ${oneLine(message)}` : ""}`];
}

/** Events about one object, the newest first. Those of an earlier pod with the same name have another uid. */
const ofObject = (events: CoreV1Event[], uid: string | undefined): CoreV1Event[] =>
  events
    .filter(({ involvedObject }) => involvedObject.uid === uid)
    .toSorted((left, right) => timeOf(right) - timeOf(left));

const timeOf = ({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): number =>
  new Date(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime();

/** Kubernetes repeats names and adds lines; a reason is at most 300 characters. */
const oneLine = (text = ""): string => text.replace(/\s+/g, " ").trim().slice(0, 300);

/** How long problems last, over the observations of one run. */
export class ProblemClock {
  private readonly since = new Map<string, number>();

  /** @returns the first that will not end by waiting, and for how long it has lasted */
  look(problems: Problem[], now: number): { problem: Problem; lastedMs: number } | undefined {
    const keys = new Set(problems.map(keyOf));
    for (const key of this.since.keys()) if (!keys.has(key)) this.since.delete(key);
    for (const problem of problems) {
      const key = keyOf(problem);
      if (!this.since.has(key)) this.since.set(key, now);
      const lastedMs = now - this.since.get(key)!;
      const { finalAfterMs } = kinds[problem.kind];
      if (!problem.mayRecover && finalAfterMs !== undefined && lastedMs >= finalAfterMs) return { problem, lastedMs };
    }
    return undefined;
  }
}

const keyOf = ({ subject, kind }: Problem): string => `${subject} ${kind}`;
