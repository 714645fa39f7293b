import type { ThrowawayBackend } from "../../engine/throwaway-backend";
import { plannedUsersAs } from "../../config/partial-plan";
import { pulumiEnvironment } from "../../engine/environment";
import type { Progress } from "../../engine/progress";
import { commandLine, PulumiFailure, type PulumiCommand, type Result, runPulumi } from "../../engine/run";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { progressColours as colour, seconds } from "../../engine/terminal";
import { findingsOf, earlyEndOf } from "./events";
import type { StackFindings } from "./findings";
import { packFolder, rules, withPack } from "./pack";
import { withRemedy } from "./remedies";

/**
 * What the pack finds in one stack as an `up` would leave it, by the engine's own preview. Nothing is changed; a stack
 * that does not exist yet is previewed in a throwaway backend.
 */
export async function previewFindings(
  { environment }: CheckedEnvironment,
  stack: string,
  progress: Progress,
  throwaway?: ThrowawayBackend,
): Promise<StackFindings> {
  const failed = (failure: string, exitCode?: number | null): StackFindings => ({
    stack,
    resources: 0,
    rules: [],
    violations: [],
    notJudged: [],
    failures: [withRemedy(failure, exitCode)],
  });
  const made = throwaway?.add(stack);
  const env = {
    ...withPack(pulumiEnvironment(environment)),
    ...plannedUsersAs("placeholder"),
    ...throwaway?.env,
  };
  const args = [
    "preview",
    "--stack",
    stack,
    "--policy-pack",
    packFolder,
    "--non-interactive",
    ...(made?.options ?? []),
  ];
  progress.line(colour.dim(`$ ${commandLine({ args })}`));
  const job = progress.start(stack);
  try {
    if (made) await runPulumi({ stack, args: made.init, env });
    const { result, isRefused } = await run({ stack, args, env });
    const { events } = result;
    if (!events.some(({ summaryEvent }) => summaryEvent))
      return failed(earlyEndOf(events, result.output), result.exitCode);
    const findings = findingsOf(stack, events, rules);
    const isExplained = findings.failures.length > 0 || findings.violations.some(({ level }) => level === "mandatory");
    if (isRefused && !isExplained)
      return failed(`the preview failed without a reason; whole output: ${result.log}`, result.exitCode);
    return { ...findings, failures: findings.failures.map((failure) => withRemedy(failure)) };
  } finally {
    progress.finish(job, `  ${stack.padEnd(20)}  previewed, ${seconds(Date.now() - job.started)}`);
  }
}

/** A preview that finds a violation ends as one that fails. */
async function run(command: PulumiCommand): Promise<{ result: Result; isRefused: boolean }> {
  try {
    return { result: await runPulumi(command), isRefused: false };
  } catch (error) {
    if (error instanceof PulumiFailure) return { result: error.result, isRefused: true };
    throw error;
  }
}
