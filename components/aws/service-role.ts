import * as pulumi from "@pulumi/pulumi";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment";
import { trust } from "./policies";
import { managedPolicy, type AwsLocation } from "./location";

export interface ServiceRoleArgs {
  location: AwsLocation;
  /** Service that assumes it, e.g. `eks.amazonaws.com`. */
  service: string;
  description: string;
  /** Names of policies that AWS maintains. */
  managed?: readonly string[];
  /** Inline policies by name. */
  own?: Record<string, pulumi.Input<string>>;
}

/** An IAM role that an AWS service assumes. To depend on it is to wait for its policies too. */
export class ServiceRole extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(
    name: string,
    { location, service, description, managed = [], own = {} }: ServiceRoleArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:aws:ServiceRole", name, {}, opts);
    const parent = { parent: this };
    const role = new Role(name, { assumeRolePolicy: trust(service), description }, parent);
    for (const policy of managed) {
      new RolePolicyAttachment(
        `${name}-${policy.split("/").at(-1)}`,
        { role: role.name, policyArn: managedPolicy(location, policy) },
        parent,
      );
    }
    for (const [about, policy] of Object.entries(own))
      new RolePolicy(`${name}-${about}`, { role: role.name, policy }, parent);
    this.arn = role.arn;
    this.registerOutputs({ arn: this.arn });
  }
}
