import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { everyStack } from "../../config/stacks";
import { prepareFolders, pulumiEnvironment } from "../../engine/environment";
import { existingStacks } from "../../engine/existing-stacks";
import { BadUsage, Failure } from "../../engine/failure";
import { Progress } from "../../engine/progress";
import { type ProjectFiles, projectFolder, readProject } from "../../engine/project";
import { logProgress } from "../../engine/terminal";
import { ThrowawayBackend } from "../../engine/throwaway-backend";
import { type CheckedEnvironment, checkedEnvironment } from "../settings/checked-environment";
import { previewFindings } from "./engine";
import type { StackFindings } from "./findings";
import { rules } from "./pack";
import { withRemedy } from "./remedies";

/** What to check: every stack of an environment, or one stack of any environment. */
export interface StackSelection {
  env: string;
  stack?: string;
}

/**
 * Checks what an `up` of each stack would leave against every policy, by the engine's previews. Changes nothing; stacks
 * that do not exist are previewed in a temporary backend.
 */
export async function checkPreviews(selection: StackSelection): Promise<StackFindings[]> {
  const { checked, stacks } = select(selection);
  prepareFolders();
  const existing = await existingStacks(checked);
  const missing = stacks.filter((stack) => !existing.has(stack));
  const throwaway = missing.length ? new ThrowawayBackend(checked.project) : undefined;
  const progress = new Progress();
  try {
    return await Promise.all(
      stacks.map((stack) => previewFindings(checked, stack, progress, missing.includes(stack) ? throwaway : undefined)),
    );
  } finally {
    throwaway?.remove();
    if (missing.length)
      logProgress(
        `partial: ${missing.join(", ")} do not exist yet, ` +
          "so what they read from other stacks was unknown to the policies",
      );
  }
}

/** Checks what each stack has deployed, as recorded in its state, against every policy. Changes nothing. */
export async function checkStates(selection: StackSelection): Promise<StackFindings[]> {
  const { checked, stacks } = select(selection);
  return Promise.all(
    stacks.map(async (stack) => checkState(stack, await exportState(checked, stack), `the state of ${stack}`)),
  );
}

/**
 * Checks a state that `pulumi stack export` wrote to a file.
 * @throws {BadUsage} when the file does not exist or is not a state
 */
export function checkStateFile(file: string): Promise<StackFindings> {
  if (!existsSync(file))
    throw new BadUsage(`${file} does not exist; write it with: pulumi stack export --stack <stack> --file ${file}`);
  return checkState(file, readFileSync(file, "utf8"), file);
}

function checkState(name: string, text: string, from: string): Promise<StackFindings> {
  // Loaded here: the SDK of policies takes half a second.
  const { findingsOfState, readState, stackOfState } = require("./state") as typeof import("./state");
  const resources = readState(text, from);
  return findingsOfState(stackOfState(resources) ?? name, resources, rules);
}

/** The selected stacks, with all settings of their environment checked. */
function select({ env, stack }: StackSelection): { checked: CheckedEnvironment; stacks: string[] } {
  const project = readProject();
  const checked = checkedEnvironment(stack === undefined ? env : environmentOf(project, stack), project);
  return { checked, stacks: stack === undefined ? everyStack(checked.stacks) : [stack] };
}

function environmentOf({ name, stacks }: ProjectFiles, stack: string): string {
  const file = stacks[stack] as { config?: Record<string, { environment?: string } | undefined> } | undefined;
  const environment = file?.config?.[`${name}:stack`]?.environment;
  if (environment === undefined)
    throw new BadUsage(
      `stack ${stack} does not exist: there is no Pulumi.${stack}.yaml that describes it. ` +
        `Stacks: ${Object.keys(stacks).sort().join(", ")}`,
    );
  return environment;
}

/** The state as the backend keeps it: secrets stay encrypted. */
async function exportState({ environment }: CheckedEnvironment, stack: string): Promise<string> {
  const args = ["stack", "export", "--stack", stack, "--non-interactive"];
  const options = { cwd: projectFolder, env: pulumiEnvironment(environment), maxBuffer: 512 * 1024 ** 2 };
  const { stdout } = await promisify(execFile)("pulumi", args, options).catch((error: Error & { stderr?: string }) => {
    throw new Failure(
      `the state of ${stack} could not be read; has it been deployed?\n` +
        withRemedy(error.stderr?.trim() || error.message),
    );
  });
  return stdout;
}
