import type * as pulumi from "@pulumi/pulumi";
import { ClusterResource } from "./cluster-resource";
import type { RolloutInputs } from "./provider/rollout-provider";

/** Inputs of a `Rollout`, each possibly known only later. */
export type RolloutArgs = { [Key in keyof RolloutInputs]: pulumi.Input<RolloutInputs[Key]> };

/**
 * A region's pods as its StatefulSet wants them. Kubernetes replaces none by itself (`OnDelete`): a pod's readiness
 * does not cover streams, so this replaces them one by one, each only when routes, the meta group and every replica on
 * the others are current.
 */
export class Rollout extends ClusterResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/kubernetes:Rollout";

  constructor(name: string, args: RolloutArgs, opts?: pulumi.CustomResourceOptions) {
    super("Rollout", name, args, opts);
  }
}
