import type { ResourceRule } from "../rule";

export const storageClassType = "kubernetes:storage.k8s.io/v1:StorageClass";

export const volumeOutlivesItsClaim: ResourceRule = {
  name: "volume-outlives-its-claim",
  description: "Storage classes keep a volume whose claim is deleted (Retain), and let volumes grow.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "With Delete, the default, deleting a namespace deletes every message in it. " +
    "Without allowVolumeExpansion a full volume can only be replaced by a new one.",
  remediation:
    "Leave reclaimPolicy: Retain, allowVolumeExpansion: true and volumeBindingMode: " +
    "WaitForFirstConsumer as components/storage writes them",
  types: [storageClassType],
  violations: ({ name, inputs }) =>
    Object.entries(wanted)
      .filter(([key, value]) => inputs[key] !== value)
      .map(([key]) => `${name} has ${key} ${JSON.stringify(inputs[key]) ?? "unset"}`),
};

// A volume of another zone than its server's could never be mounted.
const wanted = { reclaimPolicy: "Retain", allowVolumeExpansion: true, volumeBindingMode: "WaitForFirstConsumer" };
