import { warningsOf } from "../../config/rules/warnings";
import type { Access } from "../../operations/access/access";
import { deploy, dryRun as showPlan } from "../../operations/deploy/deploy";
import { Plans } from "../../engine/plans";
import { refuseDroppedOwners } from "../../operations/deploy/dropped-accounts";
import { prepareFolders } from "../../engine/environment";
import { withEnvironmentLock } from "../../engine/lock";
import { type CheckedEnvironment, checkedEnvironment } from "../../operations/settings/checked-environment";
import { renderStatus } from "../render/status";
import { refuseLocalState } from "../../operations/deploy/state-safety";
import { print, progressColours as colour, logProgress, seconds } from "../../engine/terminal";
import { standInNotice, standIns } from "../../tools/stand-ins.mjs";
import { verifySupercluster } from "./verify";

export interface StartOptions {
  env: string;
  allowLocalState?: boolean;
  dryRun?: boolean;
  /** Folder of plans: with `dryRun` they are saved there, without they are what is done. */
  plan?: string;
}

/** Brings an environment up, shows it and proves that it works. */
export async function start({ env, allowLocalState = false, dryRun = false, plan }: StartOptions): Promise<void> {
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
  await withEnvironmentLock(env, `start --env ${env}`, async () => {
    await report(checked, await deploy(checked, plans));
  });
  logProgress(`\n${env} is up and verified, ${seconds(Date.now() - started)} in all`);
  if (notice) warn(notice);
}

const warn = (text: string): void => logProgress(`${colour.yellow("warning:")} ${text}`);

async function report(checked: CheckedEnvironment, access: Access): Promise<void> {
  const verification = await verifySupercluster(checked, access);
  print(`\n${renderStatus(verification.status)}`);
  verification.print();
  print(nextCommands(checked));
  verification.throwIfFailed();
}

function nextCommands({ name: env, environment: { regions, servers } }: CheckedEnvironment): string {
  const option = env === "local" ? "" : ` -- --env ${env}`;
  return [
    "\nTry next:",
    `  npm run status${option.padEnd(16)}                    this table again`,
    `  npm run verify${option.padEnd(16)}                    the full check and the proof again`,
    `  npm run toolchain -- nats && eval "$(npm run -s context${option})" && .cache/bin/nats --context sys-admin-${regions[0]} server list ${regions.length * servers}`,
  ].join("\n");
}
