import * as pulumi from "@pulumi/pulumi";
import { PodIdentityAssociation } from "@pulumi/aws/eks/podIdentityAssociation";
import type { AwsLocation } from "./location";
import { backupReaderPolicy, backupWriterPolicy } from "./policies";
import { ServiceRole } from "./service-role";

export interface BackupAccessArgs {
  location: AwsLocation;
  /** Name of the bucket. */
  bucket: pulumi.Input<string>;
  /** ARN of the KMS key that encrypts it. Default: S3's own key. */
  key?: pulumi.Input<string>;
  namespace: string;
  /** ServiceAccounts of the jobs. */
  accounts: { writer: string; reader: string };
}

/** Roles of the pods that write and read backups, by EKS Pod Identity: no key of AWS is in the cluster. */
export class BackupAccess extends pulumi.ComponentResource {
  constructor(
    name: string,
    { location, bucket, key, namespace, accounts }: BackupAccessArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:aws:BackupAccess", name, {}, opts);
    const own = { parent: this };
    const rights = { writer: backupWriterPolicy, reader: backupReaderPolicy };
    for (const [as, policyOf] of Object.entries(rights) as ["writer" | "reader", typeof backupWriterPolicy][]) {
      const role = new ServiceRole(
        `${name}-${as}`,
        {
          location,
          service: "pods.eks.amazonaws.com",
          description: `Backups of NATS in ${location.environment}: ${as}`,
          own: { bucket: pulumi.all([bucket, key]).apply(([of, by]) => policyOf(location, of, by)) },
        },
        own,
      );
      new PodIdentityAssociation(
        `${name}-${as}`,
        {
          clusterName: location.settings.cluster!.name,
          roleArn: role.arn,
          namespace,
          serviceAccount: accounts[as],
        },
        { ...own, dependsOn: role },
      );
    }
    this.registerOutputs({});
  }
}
