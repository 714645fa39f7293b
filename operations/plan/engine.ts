import { planCounts } from "../../components/jetstream/provider/check";
import { Failure } from "../../engine/failure";
import { deployCommand } from "../../config/command-lines";
import { pulumiEnvironment } from "../../engine/environment";
import { Progress } from "../../engine/progress";
import { commandLine, pulumiExit, PulumiFailure, type Result, runPulumi } from "../../engine/run";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { refresh } from "../../engine/stack-run";
import { plural } from "../../config/plural";
import { progressColours as colour, seconds } from "../../engine/terminal";
import { failuresOf, type Preview, refusedUrns } from "./preview";

/** Each preview finds one or two refusals. */
const maxPreviews = 10;

/**
 * The engine's previews of a stack, one after another until nothing more is refused; `isCut` when `maxPreviews` were
 * not enough. Throws Failure where a preview gives no plan.
 */
export async function previewsOf(
  { name, environment }: CheckedEnvironment,
  stack: string,
  progress: Progress,
): Promise<{ previews: Preview[]; isCut: boolean }> {
  const previews: Preview[] = [];
  const excluded: string[] = [];
  const env = { ...pulumiEnvironment(environment, "jetstream"), [planCounts]: "true" };
  const job = progress.start(stack);
  const started = Date.now();
  const end = (outcome: string) =>
    progress.finish(job, `  ${stack.padEnd(20)}  ${outcome}, ${seconds(Date.now() - started)}`);
  try {
    while (previews.length < maxPreviews) {
      const args = [
        "preview",
        "--stack",
        stack,
        ...refresh.jetstream,
        ...flags,
        ...excluded.flatMap((pattern) => ["--exclude", pattern]),
      ];
      if (excluded.length === 0) progress.line(colour.dim(`$ ${commandLine({ args })}`));
      const preview = readPreview(name, stack, await runPulumi({ stack, args, env }).catch(resultOf));
      previews.push(preview);
      const refused = refusedUrns(preview);
      if (refused.length === 0) break;
      excluded.push(...refused.map(patternOf));
      job.at = `${plural(excluded.length, "refusal")}, planning the rest without them`;
    }
  } catch (error) {
    end("failed");
    throw error;
  }
  end("planned");
  return { previews, isCut: refusedUrns(previews.at(-1)!).length > 0 };
}

/** The plan reports protection beside what a deletion would cost, so the engine must not stop at it. */
const flags = ["--json", "--ignore-protect", "--non-interactive"];

/** The engine resolves a full URN only for what is deployed already. */
const patternOf = (urn: string): string => `**::${urn.split("::").slice(2).join("::")}`;

/** The result of a preview that ended with an error: what was refused is in its output. */
export function resultOf(error: unknown): Result {
  if (error instanceof PulumiFailure) return error.result;
  throw error;
}

/** The preview that a run printed. Throws Failure where the stack does not exist, or there is no preview or reason. */
export function readPreview(
  environment: string,
  stack: string,
  { stdout, exitCode, diagnostics, log }: Result,
): Preview {
  if (exitCode === pulumiExit.noSuchStack)
    throw new Failure(
      `stack ${stack} does not exist yet, so an up would create all of it; run: ${deployCommand(environment)}`,
    );
  const preview = previewIn(stdout);
  if (!preview || (exitCode !== 0 && failuresOf(preview).length === 0))
    throw new Failure(`pulumi printed no plan: ${diagnostics}\nwhole output: ${log}`);
  return preview;
}

function previewIn(stdout: string): Preview | undefined {
  try {
    return JSON.parse(stdout) as Preview;
  } catch {
    return undefined;
  }
}
