import { prepareFolders } from "../../engine/environment";
import { withEnvironmentLock } from "../../engine/lock";
import { Plans } from "../../engine/plans";
import { logProgress, print, progressColours as colour, seconds } from "../../engine/terminal";
import { warningsOf } from "../../config/rules/warnings";
import type { Access } from "../../operations/access/access";
import { deploy as bringUp, dryRun as showPlan } from "../../operations/deploy/deploy";
import { refuseDroppedOwners } from "../../operations/deploy/dropped-accounts";
import { refuseLocalState } from "../../operations/deploy/state-safety";
import { type CheckedEnvironment, checkedEnvironment } from "../../operations/settings/checked-environment";
import { verifySupercluster } from "../../operations/verify/verify";
import { standInNotice, standIns } from "../../tools/stand-ins.mjs";
import { renderStatus } from "../render/status";
import { renderVerification, requireSuccess } from "../render/verification";

export interface DeployOptions {
  env: string;
  allowLocalState?: boolean;
  dryRun?: boolean;
  /** Folder of plans: with `dryRun` they are saved there, without they are what is done. */
  plan?: string;
}

/** The names under which it is called; what it prints and what others wait for names the one that was typed. */
export type DeployCommand = "start" | "deploy";

/** Brings an environment up, shows it and proves that messages pass. `npm start` and `npm run deploy` are this. */
export async function deploy(
  command: DeployCommand,
  { env, allowLocalState = false, dryRun = false, plan }: DeployOptions,
): Promise<void> {
  const started = Date.now();
  const checked = checkedEnvironment(env);
  const notice = checked.environment.target === "local" ? standInNotice(standIns()) : undefined;
  if (notice) warn(notice);
  if (checked.environment.target !== "local" && !allowLocalState)
    refuseLocalState(env, checked.stacks, checked.project);
  refuseDroppedOwners(checked);
  const plans = plan === undefined ? undefined : new Plans(plan);
  prepareFolders();
  if (dryRun) return showPlan(checked, plans);
  warningsOf(checked.environment).forEach(warn);
  await withEnvironmentLock(env, `${command} --env ${env}`, async () => {
    await report(checked, await bringUp(checked, plans));
  });
  logProgress(`\n${env} is up and verified; ${seconds(Date.now() - started)} in all`);
  if (notice) warn(notice);
}

const warn = (text: string): void => logProgress(`${colour.yellow("warning:")} ${text}`);

async function report(checked: CheckedEnvironment, access: Access): Promise<void> {
  const verification = await verifySupercluster(checked, access);
  print(`\n${renderStatus(verification.status)}`);
  print(`\n${renderVerification(verification)}`);
  print(nextCommands(checked));
  requireSuccess(verification);
}

function nextCommands({ name: env, environment: { regions, servers } }: CheckedEnvironment): string {
  const option = env === "local" ? "" : ` -- --env ${env}`;
  const context = `sys-admin-${regions[0]}`;
  return [
    "\nTry next:",
    `  npm run status${option.padEnd(16)}                    this table again`,
    `  npm run verify${option.padEnd(16)}                    the checks and proofs again`,
    `  npm run toolchain -- nats && eval "$(npm run -s context${option})" && ` +
      `.cache/bin/nats --context ${context} server list ${regions.length * servers}`,
  ].join("\n");
}
