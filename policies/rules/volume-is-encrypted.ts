import type { ResourceRule } from "../rule";
import type { Inputs } from "../resource";
import { storageClassType } from "./volume-outlives-its-claim";

const templateType = "aws:ec2/launchTemplate:LaunchTemplate";

export const volumeIsEncrypted: ResourceRule = {
  name: "volume-is-encrypted",
  description: "Volumes of servers and disks of nodes on AWS are encrypted.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "The servers' own encryption covers messages; names of streams, subjects of consumers, " +
    "logs and swapped memory are on the disk beside them.",
  remediation:
    'Leave parameters.encrypted: "true" (kubernetes.volume.storageClass); aws.regions.<region>.key names the key',
  types: [storageClassType, templateType],
  violations({ type, name, inputs }) {
    if (type === templateType) {
      const disks = (inputs.blockDeviceMappings ?? []) as { ebs?: Inputs }[];
      return disks.length && disks.every(({ ebs }) => ebs?.encrypted === "true")
        ? []
        : [`${name} has an unencrypted disk`];
    }
    const { encrypted } = (inputs.parameters ?? {}) as Inputs;
    return inputs.provisioner === "ebs.csi.aws.com" && encrypted !== "true"
      ? [`${name} makes unencrypted volumes`]
      : [];
  },
};
