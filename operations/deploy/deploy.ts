import { type Access, readAccess } from "../access/access";
import { type LocalParts, localPartsAs } from "../../config/local-parts";
import { pulumiEnvironment } from "../../engine/environment";
import { type ExistingStacks, existingStacks } from "../../engine/existing-stacks";
import { Failure } from "../../engine/failure";
import { endOrphans } from "../../engine/recovery";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { StackRunner } from "../../engine/stack-run";
import { logProgress, print } from "../../engine/terminal";
import { type Canary, canaryReport, canaryStack, howToContinue } from "./canary";
import { Gate } from "./gate";
import { refusePendingReleases } from "./pending-releases";
import { stacksToScale } from "./scale-workers";
import { stacksToLower } from "./lower-limits";
import { readPreview, resultOf } from "../plan/engine";
import { deployedRegions } from "../supercluster/deployed-regions";
import { restartingRegions, restartLines } from "../supercluster/restarting-regions";
import { plannedShrinks } from "../supercluster/shrinking-regions";
import { withoutSeverity } from "../../engine/pulumi-text";
import { failuresOf } from "../plan/preview";
import { Plans } from "../../engine/plans";
import { renderPreview } from "./preview";
import { assertNothingRefused, recordDeployed } from "./refused-changes";
import { unchangedRegions } from "./unchanged";
import { filesToBeWritten, willBeWritten } from "./secret-keys";
import { type Step, stepsOf } from "./steps";
import { ThrowawayBackend } from "../../engine/throwaway-backend";

/** How a deployment is done. */
export interface DeployOptions {
  /** Exactly what they contain is done. */
  plans?: Plans;
  canary?: Canary;
  /** Of a local environment: what runs beside its servers. Default: as it was deployed last. */
  parts?: LocalParts;
  /** Called once all regions are up, before the first stack that makes streams. */
  beforeStreams?: (access: Access) => Promise<void>;
  /**
   * Regions are deployed one after another, local ones too, and this is called after each that was changed, once it is
   * as healthy as before: what it throws ends the deployment.
   */
  afterRegion?: (stack: string) => Promise<void>;
}

/**
 * Runs `pulumi up` on every stack of an environment, in order; with plans, only what they contain.
 * @returns how clients connect to it; undefined where it ended after its canary region
 * @throws {Failure} when a change would be refused (nothing was done), a stack fails, or a region leaves the
 * supercluster less healthy than it was
 */
export async function deploy(
  checked: CheckedEnvironment,
  { plans, canary, parts = {}, beforeStreams, afterRegion }: DeployOptions = {},
): Promise<Access | undefined> {
  const first = canary && canaryStack(checked, canary.region);
  const existing = await existingStacks(checked);
  const steps = stepsOf(checked.environment, checked.stacks, deployedOf(existing), first, afterRegion !== undefined);
  plans?.require(
    steps.flatMap(({ stacks }) => stacks),
    checked.name,
  );
  // Region stacks refuse it too, but the identity stack runs before them.
  const deployed = await deployedRegions(checked, existing);
  const refusals = (await plannedShrinks(checked, deployed)).flatMap(({ refusal }) => refusal ?? []);
  if (refusals.length) throw new Failure(refusals.join("\n"));
  await refusePendingReleases(checked);
  if (checked.environment.target === "local") await endOrphans();
  if (!plans) await assertNothingRefused(checked, existing);
  announceKeys(checked, steps, existing);
  // A plan may have been saved of other settings.
  if (!plans) restartLines(restartingRegions(checked, deployed)).forEach(logProgress);
  const runner = new StackRunner(checked, localPartsAs(parts));
  const gate = steps.some(({ isGated }) => isGated) ? await Gate.open(checked) : undefined;
  let access: Promise<Access> | undefined;
  let unchanged: ReadonlySet<string> | undefined;
  for (const [index, { kind, stacks, isGated, isCanary }] of steps.entries()) {
    if (kind === "jetstream") {
      access = readAccess(checked);
      // Awaited after the last step; until then a failure must not count as unhandled.
      access.catch(() => undefined);
      await beforeStreams?.(await access);
    }
    // After the identity stack, which regions read. A plan says itself what is done.
    if (isGated && !isCanary && !plans)
      unchanged ??= await unchangedRegions(
        runner,
        steps.slice(index).flatMap((step) => (step.isGated ? step.stacks : [])),
      );
    await together(stacks, async (stack) => {
      if (unchanged?.has(stack)) return;
      if (checked.environment.target !== "local" && !existing.has(stack)) await runner.init(stack, kind);
      const { isUnchanged } = await runner.up(stack, kind, plans);
      if (!isGated || (isUnchanged && !isCanary)) return;
      await gate!.pass(stack);
      await afterRegion?.(stack);
    });
    const left = steps.slice(index + 1).flatMap((step) => step.stacks);
    if (isCanary && !(await canary!.isToContinue(canaryReport(stacks[0]!, left, gate!.isClosed)))) {
      logProgress(howToContinue(checked.name, plans !== undefined));
      return undefined;
    }
  }
  // A plan may have been saved of other declarations.
  if (!plans) recordDeployed(checked);
  access ??= readAccess(checked);
  await runAgain(checked, access, runner, plans);
  return access;
}

/**
 * Runs region stacks again for what depends on the streams and durables that were changed meanwhile: account limits
 * that were kept for them, which servers reload, and the scaling of workers by durables that did not exist.
 */
async function runAgain(
  checked: CheckedEnvironment,
  access: Promise<Access>,
  runner: StackRunner,
  plans: Plans | undefined,
): Promise<void> {
  const [lower, scale] = await Promise.all([stacksToLower(checked, access), stacksToScale(checked)]);
  if (plans) {
    const once = "a plan contains each stack once. The next deploy, or `pulumi up` of these stacks, does it";
    if (lower.length) logProgress(`account limits of ${lower.join(", ")} are higher than needed: ${once}`);
    if (scale.length) logProgress(`workers of ${scale.join(", ")} are not scaled yet: ${once}`);
    return;
  }
  const stacks = [...new Set([...lower, ...scale])];
  // One after another where a run could find something else to change, as in the first pass.
  const groups = checked.environment.target === "local" ? [stacks] : stacks.map((stack) => [stack]);
  for (const group of groups) await together(group, async (stack) => void (await runner.up(stack, "region")));
}

/**
 * Prints what `deploy` would do to every stack; changes nothing. Stacks that do not exist are previewed in a temporary
 * backend.
 * @throws {Failure} when a stack would fail
 */
export async function dryRun(
  checked: CheckedEnvironment,
  { plans, parts = {} }: Pick<DeployOptions, "plans" | "parts"> = {},
): Promise<void> {
  const existing = await existingStacks(checked);
  const steps = stepsOf(checked.environment, checked.stacks, deployedOf(existing));
  const missing = steps.flatMap(({ stacks }) => stacks).filter((stack) => !existing.has(stack));
  if (plans) {
    Plans.refuseNew(missing);
    plans.prepare();
  }
  announceKeys(checked, steps, existing);
  const deployed = deployedRegions(checked, existing);
  // Awaited after the previews; until then a failure must not count as unhandled.
  deployed.catch(() => undefined);
  const runner = new StackRunner(checked, localPartsAs(parts));
  const throwaway = missing.length ? new ThrowawayBackend(checked.project) : undefined;
  try {
    // All at the same time: a preview changes nothing that another could read.
    const all = steps.flatMap(({ kind, stacks }) => stacks.map((stack) => ({ kind, stack })));
    const texts = new Map<string, string>();
    const preview = async ({ kind, stack }: (typeof all)[number]) => {
      const options = { plans, throwaway: missing.includes(stack) ? throwaway : undefined };
      const found = readPreview(checked.name, stack, await runner.preview(stack, kind, options).catch(resultOf));
      texts.set(stack, renderPreview(stack, found));
      const failures = [...new Set(failuresOf(found).map(({ message }) => withoutSeverity(message)))];
      if (failures.length) throw new Failure(`${stack} would fail:\n${failures.map((line) => `  ${line}`).join("\n")}`);
    };
    await together(all, preview).finally(() =>
      all.forEach(({ stack }) => texts.has(stack) && print(`\n${texts.get(stack)}`)),
    );
  } finally {
    throwaway?.remove();
  }
  restartLines(restartingRegions(checked, await deployed)).forEach(print);
  if (missing.length)
    logProgress(
      `partial: ${missing.join(", ")} do not exist yet, so what they read from other stacks is unknown in this plan`,
    );
}

/** Creating stacks changes files of the project. */
function announceKeys({ project, environment }: CheckedEnvironment, steps: Step[], existing: ExistingStacks): void {
  const missing = steps.flatMap(({ stacks }) => stacks).filter((stack) => !existing.has(stack));
  const files = filesToBeWritten(missing, project, pulumiEnvironment(environment));
  if (files.length) logProgress(willBeWritten(files));
}

const deployedOf = (existing: ExistingStacks): Set<string> =>
  new Set([...existing].flatMap(([stack, state]) => (state === "deployed" ? [stack] : [])));

/**
 * Runs an action on all items at the same time and waits for all. When some fail, it logs every failure but the last
 * and throws that one.
 */
export async function together<T>(items: T[], action: (item: T) => Promise<void>): Promise<void> {
  const failures = (await Promise.allSettled(items.map(action))).flatMap((result) =>
    result.status === "rejected" ? [result.reason as Error] : [],
  );
  for (const { message } of failures.slice(0, -1)) logProgress(message);
  if (failures.length > 0) throw failures.at(-1)!;
}
