import type {
  CoreV1Event,
  V1PersistentVolumeClaim,
  V1PersistentVolumeClaimTemplate,
  V1StatefulSet,
  V1StorageClass,
} from "@kubernetes/client-node";
import { bytesOf } from "./quantity";
import type { ClaimView } from "./volume-steps";

/** What Kubernetes reports about one claim, as far as its growing is concerned. */
export function claimView(
  claim: V1PersistentVolumeClaim,
  around: { storageClass?: V1StorageClass; isMounted: boolean; lastWarning?: string },
): ClaimView {
  const storageClass = claim.spec?.storageClassName;
  const capacity = claim.status?.capacity?.storage;
  const conditions = isGrowing(claim) ? (claim.status?.conditions ?? []) : [];
  const said = [
    ...conditions.map(({ type, message }) => [type, message].filter(Boolean).join(": ")),
    ...(around.lastWarning ? [around.lastWarning] : []),
  ].join("; ");
  return {
    name: claim.metadata!.name!,
    requested: requestOf(claim),
    ...(capacity !== undefined && { capacity: bytesOf(capacity) }),
    ...(storageClass !== undefined && { storageClass }),
    ...(around.storageClass && { canGrow: around.storageClass.allowVolumeExpansion ?? false }),
    isMounted: around.isMounted,
    ...(conditions.some(({ type }) => type === "FileSystemResizePending") && { isFileSystemPending: true }),
    ...(said && { said }),
  };
}

/** Whether a claim asks for more than its volume has. */
export function isGrowing(claim: V1PersistentVolumeClaim): boolean {
  const capacity = claim.status?.capacity?.storage;
  return capacity !== undefined && bytesOf(capacity) < requestOf(claim);
}

/** Message of the latest event; undefined where there is none. */
export function latestMessage(events: CoreV1Event[]): string | undefined {
  const timeOf = ({ lastTimestamp, eventTime }: CoreV1Event) => new Date(lastTimestamp ?? eventTime ?? 0).getTime();
  return events.toSorted((left, right) => timeOf(right) - timeOf(left))[0]?.message;
}

/** A StatefulSet's claim template of this name. */
export const templateOf = ({ spec }: V1StatefulSet, template: string): V1PersistentVolumeClaimTemplate | undefined =>
  spec?.volumeClaimTemplates?.find(({ metadata }) => metadata?.name === template) as
    V1PersistentVolumeClaimTemplate | undefined;

/** Bytes that a claim, or a template of claims, asks for. */
export const requestOf = ({ spec }: { spec?: V1PersistentVolumeClaim["spec"] }): number =>
  bytesOf(spec?.resources?.requests?.storage ?? "0");

/** The template with another size. Only its name, labels and annotations stay: the server fills in the rest. */
export const resized = ({ metadata, spec }: V1PersistentVolumeClaim, size: string): V1PersistentVolumeClaim => ({
  metadata: { name: metadata?.name, labels: metadata?.labels, annotations: metadata?.annotations },
  spec: { ...spec, resources: { ...spec?.resources, requests: { ...spec?.resources?.requests, storage: size } } },
});
