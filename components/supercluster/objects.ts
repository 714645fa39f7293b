import * as pulumi from "@pulumi/pulumi";
import { ClusterResource } from "./cluster-resource";
import type { ObjectsInputs } from "./provider/objects-provider";

/** Inputs of `Objects`, each possibly known only later. */
export type ObjectsArgs = { [Key in keyof ObjectsInputs]: pulumi.Input<ObjectsInputs[Key]> };

/**
 * The objects of a region in its cluster, as the program and the chart made them: what was deleted or changed outside
 * this program is put back by the next `up`, without a refresh.
 */
export class Objects extends ClusterResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/kubernetes:Objects";

  constructor(name: string, args: ObjectsArgs, opts?: pulumi.CustomResourceOptions) {
    super("Objects", name, { ...args, objects: pulumi.secret(args.objects) }, opts);
  }
}
