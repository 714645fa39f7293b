import type * as pulumi from "@pulumi/pulumi";
import { ClusterResource } from "../supercluster/cluster-resource";
import type { VolumesInputs } from "./provider/volumes-provider";

/** Inputs of `Volumes`, each possibly known only later. */
export type VolumesArgs = { [Key in keyof VolumesInputs]: pulumi.Input<VolumesInputs[Key]> };

/**
 * The volumes of a region's servers, as large as they are wanted. The chart makes them and can never change them: what a StatefulSet
 * asks for is fixed, so an upgrade of the chart fails. This grows them in place before that, while servers run, and makes the
 * StatefulSet anew around its running pods. Shrinking is refused.
 */
export class Volumes extends ClusterResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/kubernetes:Volumes";

  constructor(name: string, args: VolumesArgs, opts?: pulumi.CustomResourceOptions) {
    super("Volumes", name, args, opts);
  }
}
