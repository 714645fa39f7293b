import { askPulumi } from "./ask-pulumi";
import type { DeployableEnvironment } from "./project";

/**
 * The whole state of a stack, as JSON: with its secrets in plain text it is secret, and what `importState` takes.
 * @throws {Failure} where there is no such stack, or its secrets provider is needed and cannot be used
 */
export const exportState = (
  { environment }: Pick<DeployableEnvironment, "environment">,
  stack: string,
  secrets: "plain" | "encrypted",
) =>
  askPulumi(
    environment,
    ["stack", "export", ...(secrets === "plain" ? ["--show-secrets"] : []), "--stack", stack, "--non-interactive"],
    `the state of stack ${stack} could not be read: `,
  );

/**
 * Replaces the state of a stack, which must exist; secrets are encrypted with its own secrets provider. The state goes
 * to Pulumi by its standard input: no file has it.
 */
export async function importState(
  { environment }: Pick<DeployableEnvironment, "environment">,
  stack: string,
  state: string,
): Promise<void> {
  const failure = `the state of stack ${stack} could not be written: `;
  await askPulumi(environment, ["stack", "import", "--stack", stack, "--non-interactive"], failure, state);
}
