import * as pulumi from "@pulumi/pulumi";
import { partialPlan } from "../config/partial-plan";
import { stackName } from "../config/stacks";
import { outputRefusal } from "./output-refusal";

/**
 * One output of the environment's identity stack; a secret stays a secret. Unknown in a partial plan.
 *
 * @param lacks what the output lacks, because it was deployed before this stack needed it
 * @throws {pulumi.RunError} with what to do, where the identity stack does not exist, does not have the output yet, or
 *   has secrets that this stack cannot decrypt: these would otherwise fail deep in the program, or be an empty value
 */
export async function fromIdentity<T>(
  environment: string,
  output: string,
  lacks?: (value: T) => string[],
): Promise<pulumi.Output<T>> {
  if (isPartial()) return pulumi.secret(pulumi.output(pulumi.unknown as T)) as pulumi.Output<T>;
  const { name } = await checked(environment, output, lacks);
  const reference = new pulumi.StackReference("identity", { name });
  return reference.requireOutput(output) as pulumi.Output<T>;
}

/**
 * The value of one output that is not secret, without a reference: that would copy the other outputs to this stack's
 * state. Undefined in a partial plan.
 *
 * @throws {pulumi.RunError} as {@link fromIdentity}
 */
export async function plainFromIdentity<T>(
  environment: string,
  output: string,
  lacks?: (value: T) => string[],
): Promise<T | undefined> {
  if (isPartial()) return undefined;
  const { outputs } = await checked(environment, output, lacks);
  return outputs[output] as T;
}

const isPartial = (): boolean => process.env[partialPlan] !== undefined && pulumi.runtime.isDryRun();

/** The identity stack's name and outputs, where it has this one. */
async function checked<T>(environment: string, output: string, lacks?: (value: T) => string[]) {
  const stack = stackName({ environment, kind: "identity" });
  const name = fullName(stack);
  const outputs = await outputsOf(name);
  const refusal = outputRefusal(outputs, { reader: pulumi.getStack(), stack, output, lacks });
  if (refusal) throw new pulumi.RunError(`${refusal} Nothing was done.`);
  return { name, outputs: outputs! };
}

/** `<organization>/<project>/<stack>`, of this project. */
export const fullName = (stack: string): string => `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;

/**
 * The outputs of a stack; undefined where there is no such stack. Not by `StackReference`: with a missing stack the
 * engine ends the program before it can report what to do.
 *
 * @param name `<organization>/<project>/<stack>`
 * @throws {pulumi.RunError} where they cannot be read
 */
export async function outputsOf(name: string): Promise<Record<string, unknown> | undefined> {
  try {
    return (
      (await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name })) as { outputs: Record<string, unknown> }
    ).outputs;
  } catch (error) {
    if (/unknown stack/.test((error as Error).message)) return undefined;
    throw new pulumi.RunError(`the outputs of stack ${name} could not be read: ${(error as Error).message}`);
  }
}
