import * as pulumi from "@pulumi/pulumi";
import type { RegionIdentity } from "../../config/assets/region";
import { ClusterResource } from "./cluster-resource";
import type { StoredIdentityInputs } from "./provider/stored-identity-provider";

/** Inputs of `StoredIdentity`, each possibly known only later. */
export type StoredIdentityArgs = { [Key in keyof StoredIdentityInputs]: pulumi.Input<StoredIdentityInputs[Key]> };

/**
 * A region's identity, as the operator copied it from a secret store into the region's cluster. Complete when it is the
 * one that the identity stack deployed last.
 */
export class StoredIdentity extends ClusterResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/kubernetes:StoredIdentity";

  /** Secret. */
  declare readonly identity: pulumi.Output<RegionIdentity>;

  constructor(name: string, args: StoredIdentityArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "StoredIdentity",
      name,
      { ...args, identity: undefined },
      {
        ...opts,
        additionalSecretOutputs: ["identity"],
      },
    );
  }
}
