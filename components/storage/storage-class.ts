import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { storageClassName } from "../../config/topology";
import { annotationsOf, labelsOf, metadataOf } from "../supercluster/metadata";

/**
 * The class of servers' volumes, unless settings name an existing one. Volumes stay when their claims are deleted, grow
 * in place, and are created in the zone in which the server is.
 *
 * @param kmsKeyId key that encrypts them; default: the driver's
 */
export function storageClass(
  settings: KubernetesEnvironment,
  region: string,
  kmsKeyId?: Input<string>,
): types.input.storage.v1.StorageClass | undefined {
  const wanted = settings.kubernetes.volume.storageClass;
  if ("existing" in wanted) return undefined;
  return {
    metadata: {
      ...metadataOf(labelsOf(settings), annotationsOf(settings, region)),
      name: storageClassName(settings, region),
    },
    provisioner: wanted.provisioner,
    parameters: { ...wanted.parameters, ...(kmsKeyId && { kmsKeyId }) },
    reclaimPolicy: "Retain",
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
  };
}
