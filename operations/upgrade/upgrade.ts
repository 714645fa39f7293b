import { deployCommand, npmRun } from "../../config/command-lines";
import { serversInAll } from "../../config/sizes";
import { BadUsage, Failure, Interrupted } from "../../engine/failure";
import { isInterrupted, onInterrupt } from "../../engine/interrupt";
import { logProgress } from "../../engine/terminal";
import { type Access, readAccess } from "../access/access";
import { deploy } from "../deploy/deploy";
import { type CheckedEnvironment, checkedEnvironment } from "../settings/checked-environment";
import { deployedRegions } from "../supercluster/deployed-regions";
import { restartingRegions } from "../supercluster/restarting-regions";
import { connectToSystem, type Snapshot, takeSnapshot } from "../supercluster/snapshot";
import { assertAllCurrent } from "./all-current";
import { planUpgrade, type UpgradePlan, type UpgradeStep } from "./plan";
import { partOf, versionSettings, writeVersion } from "./setting";

/**
 * Reads what runs and plans how all of it gets a version; changes nothing.
 * @param to e.g. `2.15.3`
 * @throws {BadUsage} where it is no version
 * @throws {Failure} where no server answers, or other settings wait for a deployment
 */
export async function readUpgrade(checked: CheckedEnvironment, to: string): Promise<UpgradePlan> {
  if (!/^\d+\.\d+\.\d+$/.test(to)) throw new BadUsage(`--to ${to} is no version of nats-server, e.g. 2.15.3`);
  const plan = planUpgrade(checked, await runningServers(checked), to);
  const refusals = [...plan.refusals, ...(await pendingChanges(checked, plan))];
  return { ...plan, refusals };
}

async function runningServers(checked: CheckedEnvironment): Promise<Snapshot> {
  const system = await connectToSystem(await readAccess(checked));
  try {
    return await takeSnapshot(system, serversInAll(checked.environment));
  } finally {
    await system.close();
  }
}

/** An upgrade restarts servers for its version only: what else changes is deployed, and seen to work, before. */
async function pendingChanges(checked: CheckedEnvironment, { steps }: UpgradePlan): Promise<string[]> {
  const own = steps.flatMap(({ version }) => versionSettings(checked.environment, version)).map(partOf);
  return restartingRegions(checked, await deployedRegions(checked)).flatMap(({ region, parts, isNew }) => {
    const others = parts.filter((part) => !own.includes(part) && part !== "kubernetes.images.nats");
    const what = isNew ? "it is not deployed yet" : `settings wait for a deployment: ${others.join(", ")}`;
    return isNew || others.length ? [`${region}: ${what}; deploy first: ${deployCommand(checked.name)}`] : [];
  });
}

/**
 * Does the steps of a plan: for each it writes the version into Pulumi.yaml and deploys the regions one after another;
 * after each region all must be current. What was done stays done: the same request continues.
 * @param install called before settings name a step's version
 * @throws {Failure} with what to do, when a region fails or something is not current within 5 minutes
 * @throws {Interrupted} after Ctrl-C, once the region in progress came to a stop, with how to go on and back
 */
export async function upgrade(
  checked: CheckedEnvironment,
  plan: UpgradePlan,
  install: (step: UpgradeStep) => Promise<void>,
): Promise<Access> {
  let access = await readAccess(checked);
  for (const step of plan.steps) {
    await install(step);
    access = await stoppable(plan, step, () => take(step, { checked, access, plan }));
  }
  return access;
}

async function take(
  step: UpgradeStep,
  { checked, access, plan }: { checked: CheckedEnvironment; access: Access; plan: UpgradePlan },
): Promise<Access> {
  await assertAllCurrent(checked, access, {
    when: "nothing was changed:",
    howToGoOn: ["Repair it, then run this command again."],
  });
  logProgress(`nats-server ${step.version}: ${step.settings.length ? "Pulumi.yaml is changed" : "continued"}`);
  writeVersion(checked.name, step.settings);
  const wanted = checkedEnvironment(checked.name);
  const howToGoOn = [`Once it is repaired, this continues: ${continues(plan)}`, ...wayBack(plan, step)];
  const afterRegion = async (stack: string) => {
    await assertAllCurrent(wanted, access, { when: `${stack} is deployed with ${step.version}, but`, howToGoOn });
    logProgress(`${stack}: nats-server ${step.version}, all current`);
    if (isInterrupted()) throw new Interrupted(`stopped after ${stack}`);
  };
  const now = await deploy(wanted, { afterRegion });
  await assertVersion(wanted, step);
  return now!;
}

/** After Ctrl-C pulumi ends what it does, and no other region is begun; without this a wait would end in silence. */
const stoppable = <T>(plan: UpgradePlan, step: UpgradeStep, action: () => Promise<T>): Promise<T> =>
  onInterrupt(() => undefined, action).catch((error: Error) => {
    if (!isInterrupted()) throw error;
    throw new Interrupted(
      [
        error.message,
        `Servers that run ${step.version} stay as they are. This continues: ${continues(plan)}`,
        ...wayBack(plan, step),
        "Commit Pulumi.yaml only after one of them: it names the version of the step in progress.",
      ].join("\n"),
    );
  });

const to = ({ environment }: UpgradePlan, version: string) => npmRun("upgrade", environment, ["--to", version]);
const continues = (plan: UpgradePlan): string => to(plan, plan.to);
const wayBack = (plan: UpgradePlan, { isBack }: UpgradeStep): string[] =>
  isBack ? [] : [`The way back, where there is one: ${to(plan, plan.running[0]!)}`];

/** @throws {Failure} where a server still runs another version, e.g. because its image names no version */
async function assertVersion(checked: CheckedEnvironment, { version }: UpgradeStep): Promise<void> {
  const others = Object.entries((await runningServers(checked)).servers).filter(([, one]) => one.version !== version);
  if (others.length)
    throw new Failure(
      `every region is deployed, but ${others.map(([name, one]) => `${name} runs ${one.version}`).join(", ")}, ` +
        `not ${version}; see ${npmRun("status", checked.name)}`,
    );
}
