import type * as pulumi from "@pulumi/pulumi";
import { ClusterResource } from "../supercluster/cluster-resource";
import type { VolumesInputs } from "./provider/volumes-provider";

/** Inputs of `Volumes`, each possibly known only later. */
export type VolumesArgs = { [Key in keyof VolumesInputs]: pulumi.Input<VolumesInputs[Key]> };

/**
 * The volumes of a region's servers, at the wanted size. The chart creates them and cannot change them: the claim
 * template of a StatefulSet is immutable, so an upgrade of the chart would fail. This grows them in place first, while
 * servers run, and recreates the StatefulSet around its running pods. Shrinking is refused.
 */
export class Volumes extends ClusterResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/kubernetes:Volumes";

  constructor(name: string, args: VolumesArgs, opts?: pulumi.CustomResourceOptions) {
    super("Volumes", name, args, opts);
  }
}
