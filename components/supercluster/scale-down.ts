import type * as pulumi from "@pulumi/pulumi";
import { ClusterResource } from "./cluster-resource";
import type { ScaleDownInputs } from "./provider/scale-down-provider";

/** Inputs of a `ScaleDown`, each possibly known only later. */
export type ScaleDownArgs = { [Key in keyof ScaleDownInputs]: pulumi.Input<ScaleDownInputs[Key]> };

/**
 * Stops the servers that a region no longer has, one after another, before the chart is changed: Kubernetes would stop
 * all of them at the same time. Their volumes stay. It starts none: the chart does.
 */
export class ScaleDown extends ClusterResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/kubernetes:ScaleDown";

  constructor(name: string, args: ScaleDownArgs, opts?: pulumi.CustomResourceOptions) {
    super("ScaleDown", name, args, opts);
  }
}
