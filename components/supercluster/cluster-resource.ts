import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../dynamic";
import type { ClusterAccess } from "./provider/kubernetes-client";

/** A resource whose provider talks to a region's Kubernetes cluster; how it is reached stays secret. */
export abstract class ClusterResource extends DynamicResource {
  protected constructor(
    type: string,
    name: string,
    args: pulumi.Inputs & { cluster: pulumi.Input<ClusterAccess> },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      { module: "kubernetes", type, entry: "components/supercluster/provider/entry.js" },
      name,
      { ...args, cluster: pulumi.secret(args.cluster) },
      opts,
    );
  }
}
