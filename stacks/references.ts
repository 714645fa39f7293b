import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { partialPlan } from "../config/partial-plan";
import { stackName } from "../config/stacks";

/**
 * One output of the environment's identity stack, secret as it is there. Unknown in a partial plan. Refuses, with what
 * to do,
 * what would otherwise be a failure deep in the program, or no value at all: an identity stack that is not there, that
 * does not have
 * the output yet, or whose secrets this stack cannot decrypt.
 */
export async function fromIdentity<T>(environment: string, output: string): Promise<pulumi.Output<T>> {
  if (process.env[partialPlan] && pulumi.runtime.isDryRun())
    return pulumi.secret(pulumi.output(pulumi.unknown as T)) as pulumi.Output<T>;
  const stack = stackName({ environment, kind: "identity" });
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;
  const outputs = await outputsOf(name);
  const refusal = refusalOf(outputs, { reader: pulumi.getStack(), stack, output });
  if (refusal) throw new pulumi.RunError(`${refusal} Nothing was done.`);
  const reference = new pulumi.StackReference("identity", { name });
  return reference.requireOutput(output) as pulumi.Output<T>;
}

/**
 * What a stack has; undefined: there is no such stack. The engine ends the program where a reference to such a one is
 * made, before it can say what to do.
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

/** Why an output of another stack cannot be used, if so. */
function refusalOf(
  outputs: Record<string, unknown> | undefined,
  { reader, stack, output }: { reader: string; stack: string; output: string },
): string | undefined {
  const bringUp = `pulumi up --stack ${stack}`;
  if (!outputs || Object.keys(outputs).length === 0)
    return `stack ${reader} needs ${stack} deployed first: ${bringUp}.`;
  if (!(output in outputs))
    return `stack ${reader} needs output ${output} of ${stack}, which was deployed without it: ${bringUp}.`;
  if (!isElided(outputs[output])) return undefined;
  return (
    `stack ${reader} cannot decrypt output ${output} of ${stack}: ` +
    "give both the same secrets provider or passphrase (pulumi stack change-secrets-provider)."
  );
}

/** What the engine puts in the place of a secret that it cannot decrypt, with no more than a line in its output. */
const isElided = (value: unknown): boolean => isDeepStrictEqual(value, {});
