import { serverTools } from "../../config/versions";
import { Failure } from "../../engine/failure";
import { withEnvironmentLock } from "../../engine/lock";
import { print } from "../../engine/terminal";
import { preflight } from "../../operations/deploy/preflight";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { describeUpgrade } from "../../operations/upgrade/describe";
import type { UpgradeStep } from "../../operations/upgrade/plan";
import { readUpgrade, upgrade as runUpgrade } from "../../operations/upgrade/upgrade";
import { verifySupercluster } from "../../operations/verify/verify";
import { ensureToolchain } from "../../tools/toolchain.mjs";
import { confirm, requireTerminal } from "../confirm";
import { renderVerification, requireSuccess } from "../render/verification";

export interface UpgradeCommand {
  env: string;
  to: string;
  dryRun?: boolean;
  yes?: boolean;
  allowLocalState?: boolean;
}

/** Moves all servers of an environment to a version of nats-server, region by region, up or one line back. */
export async function upgrade({ env, to, dryRun = false, yes = false, allowLocalState = false }: UpgradeCommand) {
  const checked = checkedEnvironment(env);
  requireTerminal(yes || dryRun);
  preflight(checked, { allowLocalState });
  const plan = await readUpgrade(checked, to);
  print(describeUpgrade(plan).join("\n"));
  if (plan.refusals.length)
    throw new Failure(`nothing was changed:\n${plan.refusals.map((line) => `  ${line}`).join("\n")}`);
  if (dryRun || plan.steps.length === 0) return;
  if (!yes) await confirm(`Restart the servers of ${env} like this?`);
  const install = async ({ version }: UpgradeStep) => {
    const tool = serverTools[version];
    if (checked.environment.target === "local" && tool !== undefined) await ensureToolchain({ tools: [tool] });
  };
  await withEnvironmentLock(env, `upgrade --env ${env} --to ${to}`, async () => {
    const access = await runUpgrade(checked, plan, install);
    const verification = await verifySupercluster(checkedEnvironment(env), access);
    print(`\n${renderVerification(verification)}`);
    requireSuccess(verification);
    print(`\n${env} runs nats-server ${to}. Commit Pulumi.yaml`);
  });
}
