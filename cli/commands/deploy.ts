import type { LocalParts } from "../../config/local-parts";
import { everyStack } from "../../config/stacks";
import { BadUsage } from "../../engine/failure";
import { withEnvironmentLock } from "../../engine/lock";
import { Plans } from "../../engine/plans";
import { readProject } from "../../engine/project";
import { logProgress, print, progressColours as colour, seconds } from "../../engine/terminal";
import { warningsOf } from "../../config/rules/warnings";
import { deploy as bringUp, dryRun as showPlan } from "../../operations/deploy/deploy";
import type * as BackupAll from "../../operations/backup/backup-all";
import { preflight } from "../../operations/deploy/preflight";
import { filesWritten, toBeCommitted } from "../../operations/deploy/secret-keys";
import { type CheckedEnvironment, checkedEnvironment } from "../../operations/settings/checked-environment";
import { verifySupercluster } from "../../operations/verify/verify";
import { MONITORING_TOOLS } from "../../tools/pins.mjs";
import { standInNotice, standIns } from "../../tools/stand-ins.mjs";
import { ensureToolchain } from "../../tools/toolchain.mjs";
import { agree } from "../confirm";
import { renderNextCommands } from "../render/next-commands";
import { renderStatus } from "../render/status";
import { renderVerification, requireSuccess } from "../render/verification";

export interface DeployOptions {
  env: string;
  allowLocalState?: boolean;
  dryRun?: boolean;
  /** Folder of plans: with `dryRun` they are saved there, without it exactly they are applied. */
  plan?: string;
  /** Region that is deployed first, alone. */
  pauseAfter?: string;
  /** Of a local environment: what runs beside its servers. Default: as it was deployed last. */
  parts?: LocalParts;
  /** Backup that the environment is rebuilt from: its keys, and its streams before others are made. */
  restoreFrom?: string;
  /** With `restoreFrom`: not the last backup, but this one. */
  backup?: string;
  /** With `restoreFrom`: file with the key of the backup. */
  key?: string;
}

/** The two names of the command; messages and the lock name the one that was typed. */
export type DeployCommand = "start" | "deploy";

/**
 * Deploys an environment, prints its status and verifies that messages pass: `npm start` and `npm run deploy`.
 * @throws {Failure} when a stack or a check fails
 */
export async function deploy(
  command: DeployCommand,
  { env, allowLocalState = false, dryRun = false, plan, pauseAfter, parts = {}, restoreFrom, ...source }: DeployOptions,
): Promise<void> {
  const started = Date.now();
  const checked = checkedEnvironment(env);
  const notice = checked.environment.target === "local" ? standInNotice(standIns()) : undefined;
  if (notice) warn(notice);
  if (checked.environment.target !== "local") refuseLocalParts(env, parts);
  preflight(checked, { allowLocalState });
  const plans = plan === undefined ? undefined : new Plans(plan);
  if (restoreFrom === undefined && Object.values(source).some((option) => option !== undefined))
    throw new BadUsage("--backup and --key belong to --restore-from. Nothing was done.");
  const rebuild =
    restoreFrom === undefined ? undefined : await loadRebuild()(checked, { from: restoreFrom, ...source });
  if (parts.monitoring) await ensureToolchain({ tools: MONITORING_TOOLS });
  if (dryRun) return showPlan(checked, { plans, parts });
  warningsOf(checked).forEach(warn);
  const canary = pauseAfter === undefined ? undefined : { region: pauseAfter, isToContinue };
  const bringUpAndVerify = async () => {
    await rebuild?.begin();
    const access = await bringUp(checked, { plans, canary, parts, beforeStreams: rebuild?.beforeStreams });
    if (!access) return;
    const verification = await verifySupercluster(checked, access);
    print(`\n${renderStatus(verification.status)}`);
    print(`\n${renderVerification(verification)}`);
    print(renderNextCommands(checked, verification.status.monitoring));
    requireSuccess(verification);
    logProgress(`\n${env} is up and verified; ${seconds(Date.now() - started)} in all`);
  };
  await withEnvironmentLock(env, `${command} --env ${env}`, () => bringUpAndVerify().finally(remindOfKeys(checked)));
  if (notice) warn(notice);
}

// Loaded when it is asked for: every start would pay for it.
const loadRebuild = () => (require("../../operations/backup/backup-all") as typeof BackupAll).rebuildFrom;

/** Where what runs beside local servers is described for others. */
const elsewhere: Record<keyof LocalParts, string> = {
  workers: "those of ENV run where its settings have kubernetes.workers (docs/workers.md)",
  monitoring: "the Prometheus that reads ENV is yours (docs/monitoring.md)",
};

function refuseLocalParts(env: string, parts: LocalParts): void {
  for (const part of Object.keys(elsewhere) as (keyof LocalParts)[])
    if (parts[part] !== undefined)
      throw new BadUsage(
        `--with-${part} and --without-${part} are for local environments; ${elsewhere[part].replace("ENV", env)}. ` +
          "Nothing was done.",
      );
}

/** What a deployment wrote into files of the project must be committed, also where it failed later. */
const remindOfKeys =
  ({ project, stacks }: CheckedEnvironment) =>
  (): void => {
    const files = filesWritten(everyStack(stacks), project, readProject());
    if (files.length) warn(toBeCommitted(files));
  };

/** On a terminal it asks; elsewhere a pause is an end. */
async function isToContinue(report: string): Promise<boolean> {
  logProgress(report);
  return process.stdin.isTTY ? agree("Deploy the rest now?") : false;
}

const warn = (text: string): void => logProgress(`${colour.yellow("warning:")} ${text}`);
