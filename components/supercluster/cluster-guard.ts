import type * as pulumi from "@pulumi/pulumi";
import { ClusterResource } from "./cluster-resource";
import type { GuardInputs } from "./provider/guard-provider";

/** Inputs of a `ClusterGuard`, each possibly known only later. */
export type ClusterGuardArgs = { [Key in keyof Omit<GuardInputs, "clusterId">]: pulumi.Input<GuardInputs[Key]> };

/**
 * Created before everything that a region has on Kubernetes: succeeds when the cluster is the region's own and has what
 * the region needs. A preview that reaches the cluster refuses too; one that does not, warns.
 */
export class ClusterGuard extends ClusterResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/kubernetes:ClusterGuard";

  constructor(name: string, args: ClusterGuardArgs, opts?: pulumi.CustomResourceOptions) {
    super("ClusterGuard", name, args, opts);
  }
}
