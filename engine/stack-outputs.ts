import { askPulumi } from "./ask-pulumi";
import { outputsOf } from "./backend";
import { stateFolder } from "./environment";
import type { DeployableEnvironment } from "./project";

/**
 * Outputs of a stack as it was deployed last. A local one is read from its file, in milliseconds, and is empty where
 * the stack does not exist; elsewhere `pulumi stack output` is asked.
 *
 * @param secrets decrypted, which only Pulumi can do; default: encrypted ones are of no use
 * @throws {Failure} when they cannot be read within 60 s
 */
export async function stackOutputs<Outputs>(
  { project, environment }: Pick<DeployableEnvironment, "project" | "environment">,
  stack: string,
  { secrets = false } = {},
): Promise<Partial<Outputs>> {
  if (environment.target === "local" && !secrets)
    return outputsOf(stateFolder(), project.name, stack) as Partial<Outputs>;
  const args = ["stack", "output", "--stack", stack, "--json", "--non-interactive"];
  const stdout = await askPulumi(
    environment,
    secrets ? [...args, "--show-secrets"] : args,
    `the outputs of stack ${stack} could not be read: `,
  );
  return JSON.parse(stdout) as Partial<Outputs>;
}
