import { Failure, ViolatesPolicy } from "../../engine/failure";
import { print } from "../../engine/terminal";
import { checkPreviews, checkStateFile, checkStates, type StackSelection } from "../../operations/policy/check";
import type { StackFindings } from "../../operations/policy/findings";
import { renderStack, verdictOf } from "../render/policy";

export interface PolicyOptions extends StackSelection {
  json?: boolean;
}

/** Checks what a deployment would leave in each stack against every policy; changes nothing. */
export async function policy({ json, ...selection }: PolicyOptions): Promise<void> {
  report(await checkPreviews(selection), json);
}

/** Checks what is deployed, or a state in a file, against every policy; changes nothing. */
export async function policyState({ file, json, ...selection }: PolicyOptions & { file?: string }): Promise<void> {
  report(file === undefined ? await checkStates(selection) : [await checkStateFile(file)], json);
}

/**
 * Prints the findings.
 * @throws {Failure} when a stack could not be checked as a whole
 * @throws {ViolatesPolicy} when a mandatory policy is violated
 */
function report(stacks: StackFindings[], json = false): void {
  const { ok, summary, failed, mandatory } = verdictOf(stacks);
  print(
    json
      ? JSON.stringify({ ok, summary, stacks }, undefined, 2)
      : `\n${stacks.map(renderStack).join("\n\n")}\n\n${summary}`,
  );
  if (failed.length)
    throw new Failure(`policies could not be checked for all of ${failed.join(", ")}; the reasons are listed above`);
  if (mandatory) throw new ViolatesPolicy("mandatory policies are violated; each violation lists its fix");
}
