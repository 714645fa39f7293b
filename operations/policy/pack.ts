import * as path from "node:path";
import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { policies } from "../../policies/registry";
import { projectFolder } from "../../engine/project";

/** A rule as the engine knows it. */
export type Policy = ResourceValidationPolicy | StackValidationPolicy;

/** Every rule of the pack. */
export const rules: readonly Policy[] = policies;

export const isStackRule = (rule: Policy): rule is StackValidationPolicy => "validateStack" in rule;

/** Whether the SDK applies a rule to resources of a type: `validateResourceOfType` leaves a mark on its function. */
export function concerns(rule: ResourceValidationPolicy, type: string): boolean {
  const { __pulumiType: only } = (rule.validateResource ?? {}) as { __pulumiType?: string };
  return only === undefined || only === type;
}

/** The pack as the engine gets it: started by a script, which works with every language host. */
export const packFolder = path.join("tools", "offline", "policy-pack");

/** The engine finds the script that starts the pack on PATH. */
export const withPack = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  PATH: [env.PATH, path.join(projectFolder, packFolder)].join(path.delimiter),
});
