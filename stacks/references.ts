import * as pulumi from "@pulumi/pulumi";
import { stackName } from "../config/stack-name";

/** One output of the environment's identity stack, secret as it is there. */
export function fromIdentity<T>(environment: string, output: string): pulumi.Output<T> {
  const stack = stackName({ environment, kind: "identity" });
  const reference = new pulumi.StackReference("identity", { name: `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}` });
  return reference.requireOutput(output) as pulumi.Output<T>;
}
