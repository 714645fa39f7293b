import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { ThrowawayBackend } from "../../engine/throwaway-backend";
import { prepareFolders, pulumiEnvironment } from "../../engine/environment";
import { existingStacks } from "../../engine/existing-stacks";
import { BadUsage, Failure, ViolatesPolicy } from "../../engine/failure";
import { previewFindings } from "../../operations/policy/engine";
import type { StackFindings } from "../../operations/policy/findings";
import { rules } from "../../operations/policy/pack";
import { renderStack, verdictOf } from "../render/policy";
import { withRemedy } from "../../operations/policy/remedies";
import { projectFolder, readProject } from "../../engine/project";
import { Progress } from "../../engine/progress";
import { everyStack } from "../../config/stacks";
import { type CheckedEnvironment, checkedEnvironment } from "../../operations/settings/checked-environment";
import { logProgress, print } from "../../engine/terminal";

export interface PolicyOptions {
  env: string;
  /** One stack instead of all of the environment. */
  stack?: string;
  json?: boolean;
}

/** Checks what an `up` of stacks would leave against every policy, by the engine's previews; changes nothing. */
export async function policy({ env, stack, json }: PolicyOptions): Promise<void> {
  const { checked, stacks } = chosen(env, stack);
  prepareFolders();
  const existing = await existingStacks(checked);
  const missing = stacks.filter((one) => !existing.has(one));
  const throwaway = missing.length ? new ThrowawayBackend(checked.project) : undefined;
  const progress = new Progress();
  try {
    const preview = (one: string) =>
      previewFindings(checked, one, progress, missing.includes(one) ? throwaway : undefined);
    tell(await Promise.all(stacks.map(preview)), json);
  } finally {
    throwaway?.remove();
    if (missing.length)
      logProgress(
        `partial: ${missing.join(", ")} do not exist yet, so what they take from other stacks was unknown to the policies`,
      );
  }
}

/** Checks what is deployed against every policy, by the stacks' states or by an exported one; changes nothing. */
export async function policyState({ env, stack, file, json }: PolicyOptions & { file?: string }): Promise<void> {
  // Loaded here: the SDK of policies costs half a second.
  const { findingsOfState, readState, stackOfState } =
    require("../../operations/policy/state") as typeof import("../../operations/policy/state");
  const judge = (name: string, text: string, from: string) => {
    const resources = readState(text, from);
    return findingsOfState(stackOfState(resources) ?? name, resources, rules);
  };
  if (file !== undefined) {
    if (!existsSync(file))
      throw new BadUsage(`${file} is not there; write it with: pulumi stack export --stack <stack> --file ${file}`);
    return tell([await judge(file, readFileSync(file, "utf8"), file)], json);
  }
  const { checked, stacks } = chosen(env, stack);
  tell(
    await Promise.all(stacks.map(async (one) => judge(one, await exportOf(checked, one), `the state of ${one}`))),
    json,
  );
}

/** The stacks that are asked for, with their environment checked whole. */
function chosen(env: string, stack: string | undefined): { checked: CheckedEnvironment; stacks: string[] } {
  const project = readProject();
  const checked = checkedEnvironment(stack === undefined ? env : environmentOf(project, stack), project);
  return { checked, stacks: stack === undefined ? everyStack(checked.stacks) : [stack] };
}

function environmentOf({ name, stacks }: ReturnType<typeof readProject>, stack: string): string {
  const file = stacks[stack] as { config?: Record<string, { environment?: string } | undefined> } | undefined;
  const environment = file?.config?.[`${name}:stack`]?.environment;
  if (environment === undefined)
    throw new BadUsage(
      `there is no stack ${stack}; its file would be Pulumi.${stack}.yaml. There are: ${Object.keys(stacks).sort().join(", ")}`,
    );
  return environment;
}

/** The state as it is kept: what is secret stays encrypted. */
async function exportOf({ environment }: CheckedEnvironment, stack: string): Promise<string> {
  const options = { cwd: projectFolder, env: pulumiEnvironment(environment), maxBuffer: 512 * 1024 ** 2 };
  const { stdout } = await promisify(execFile)(
    "pulumi",
    ["stack", "export", "--stack", stack, "--non-interactive"],
    options,
  ).catch((error: Error & { stderr?: string }) => {
    throw new Failure(
      `the state of ${stack} cannot be read; was it ever brought up?\n${withRemedy(error.stderr?.trim() || error.message)}`,
    );
  });
  return stdout;
}

function tell(stacks: StackFindings[], json = false): void {
  const verdict = verdictOf(stacks);
  const { ok, summary, failed, mandatory } = verdict;
  print(
    json
      ? JSON.stringify({ ok, summary, stacks }, undefined, 2)
      : `\n${stacks.map(renderStack).join("\n\n")}\n\n${summary}`,
  );
  if (failed.length)
    throw new Failure(`policies could not be checked for all of ${failed.join(", ")}; what is wrong stands above`);
  if (mandatory) throw new ViolatesPolicy("mandatory policies are violated; what to do stands beside each");
}
