import { fromBytes } from "../../config/units";
import { kubectl } from "../supercluster/kubectl";
import type { ClusterAccess } from "../supercluster/provider/kubernetes-client";

/**
 * What to do next so that all of a region's volumes have their size. Pure: an interrupted run continues from the
 * observed state.
 */

/** The volumes of a region's servers, at one moment. */
export interface VolumesView {
  /** Existing claims, in the order of their servers. */
  claims: ClaimView[];
  /** Undefined: it does not exist (any more); the chart creates it. */
  statefulSet?: {
    /** Bytes that each claim of its template asks for. */
    claimSize: number;
    isEnding: boolean;
  };
}

export interface ClaimView {
  name: string;
  /** Bytes that it asks for. */
  requested: number;
  /** Bytes that it has; undefined: it has no volume yet. */
  capacity?: number;
  /** Undefined: the claim names none. */
  storageClass?: string;
  /** Whether its class lets it grow; undefined: there is no such class. */
  canGrow?: boolean;
  /** Whether a server runs on it: a file system only grows where it is mounted. */
  isMounted: boolean;
  /** The volume has grown, its file system has not. */
  isFileSystemPending?: boolean;
  /** What Kubernetes last reported about its growing. */
  said?: string;
}

/** What settings ask for. */
export interface WantedVolumes {
  /** Bytes of each. */
  size: number;
  storageClass: string;
  /** For the commands in messages. */
  cluster: ClusterAccess;
}

export type VolumeStep =
  { do: "nothing" } | { do: "wait"; reason: string } | { do: "grow"; claim: string; from: number } | { do: "recreate" };

/** All reasons why the volumes cannot be as wanted; with any of them nothing is changed. */
export function volumeRefusals(
  { claims }: VolumesView,
  { size, storageClass, cluster }: WantedVolumes,
): { field: "size" | "storageClass"; reason: string }[] {
  const [moved, shrinking, rigid] = [
    claims.filter((claim) => claim.storageClass !== undefined && claim.storageClass !== storageClass),
    claims.filter((claim) => size < claim.requested && size <= (claim.capacity ?? claim.requested)),
    claims.filter((claim) => isLess(claim, size) && !claim.canGrow),
  ];
  return [
    ...(moved.length
      ? [
          {
            field: "storageClass" as const,
            reason:
              `volumes keep their class: ${moved.map(classText).join(", ")}; ` +
              `write kubernetes.volume.storageClass: ${classAdvice(moved[0]!.storageClass!)}`,
          },
        ]
      : []),
    ...(shrinking.length
      ? [
          {
            field: "size" as const,
            reason:
              `volumes cannot shrink to ${fromBytes(size)}: ${shrinking.map(sizeText).join(", ")}; ` +
              "write kubernetes.volume.size: " +
              `${fromBytes(Math.max(...shrinking.map(({ requested }) => requested)))} or more ` +
              "(docs/runbooks/grow-volumes.md)",
          },
        ]
      : []),
    ...(rigid.length
      ? [
          {
            field: "size" as const,
            reason:
              `volumes cannot grow to ${fromBytes(size)}: ` +
              rigid.map((claim) => rigidText(claim, cluster)).join(", "),
          },
        ]
      : []),
  ];
}

/**
 * First every claim asks for the new size, then all get it, then the StatefulSet may ask for the same: its claim
 * template is immutable, so it is recreated.
 */
export function nextVolumeStep(
  { claims, statefulSet }: VolumesView,
  { size }: Pick<WantedVolumes, "size">,
): VolumeStep {
  const wait = (reason: string): VolumeStep => ({ do: "wait", reason });
  if (statefulSet?.isEnding) return wait("its StatefulSet is being deleted");
  const other = claims.filter(({ requested }) => requested !== size);
  const next = other.find(({ capacity }) => capacity !== undefined);
  if (next) return { do: "grow", claim: next.name, from: next.requested };
  if (other[0]) return wait(`${other[0].name} has no volume yet: its server has not been placed`);
  const unfinished = claims.find((claim) => isSmall(claim, size));
  if (unfinished)
    return wait(
      `${unfinished.name} has ${fromBytes(unfinished.capacity!)} of ${fromBytes(size)}` +
        (unfinished.said ? ` (${unfinished.said})` : ""),
    );
  return statefulSet && statefulSet.claimSize !== size ? { do: "recreate" } : { do: "nothing" };
}

const isLess = ({ requested, capacity = requested }: ClaimView, size: number): boolean =>
  requested < size || capacity < size;

/** A volume that does not exist yet will get the requested size; a file system that is not mounted grows when it is. */
const isSmall = ({ capacity = Infinity, isFileSystemPending, isMounted }: ClaimView, size: number): boolean =>
  capacity < size && !(isFileSystemPending && !isMounted);

const classText = ({ name, storageClass }: ClaimView): string => `${name} is of "${storageClass}"`;

/** Who created a class is not known here, and `existing` deletes one that the stack created. */
const classAdvice = (name: string): string =>
  `{ name: "${name}" } if the region's stack created the class (an earlier release named it nats where settings ` +
  `gave no name; { existing } would delete it), { existing: "${name}" } if not`;

const sizeText = ({ name, requested, capacity = requested }: ClaimView): string =>
  `${name} ${capacity < requested ? "asks for" : "has"} ${fromBytes(requested)}`;

const rigidText = ({ name, storageClass, canGrow }: ClaimView, cluster: ClusterAccess): string =>
  canGrow === undefined
    ? `storage class "${storageClass ?? ""}" of ${name} does not exist (any more)`
    : `storage class "${storageClass}" of ${name} does not set allowVolumeExpansion; ` +
      "if its driver supports it: " +
      kubectl(cluster, `patch storageclass ${storageClass} -p '{"allowVolumeExpansion":true}'`);
