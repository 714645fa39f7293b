import { plural } from "../../config/plural";
import { suggestKnown } from "../../config/problems";
import { usersWithPasswords } from "../../config/rules/passwords";
import { firstPassword, type Passwords } from "../../config/schema/passwords";
import { loginOf, loginOfGeneration, provisioner, systemAccount } from "../../config/assets/standard";
import { stackName } from "../../config/stacks";
import { serverNames } from "../../config/topology";
import { type ClientOfLogin, clientsOf, closeClients } from "../../jetstream/system-requests";
import { BadUsage, Failure } from "../../engine/failure";
import { withEnvironmentLock } from "../../engine/lock";
import { StackRunner } from "../../engine/stack-run";
import { logProgress } from "../../engine/terminal";
import { readAccess } from "../access/access";
import { together } from "../deploy/deploy";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { StackSetting } from "../settings/stack-setting";
import { deployedRegions } from "../supercluster/deployed-regions";
import { restartingRegions, restartLines } from "../supercluster/restarting-regions";
import { connectToSystem } from "../supercluster/snapshot";
import { untilCalloutIsReady } from "../workers/callout-ready";
import { type Goal, type RotationStep, rotationSteps } from "./steps";

export interface RotateOptions {
  /** `<account>/<user>`. */
  user: string;
  goal: Goal;
  /** Takes a password away although clients use it. */
  disconnect: boolean;
}

export interface RotationResult {
  /** Name that clients log in with now. */
  login: string;
  /** Clients that still log in with the other password; undefined: servers accept one only. */
  behind?: { login: string; clients: ClientOfLogin[] };
  settingFile: string;
}

/**
 * Replaces a user's password by another one, under another login with the same rights, so that no client is refused
 * (docs/runbooks/rotate.md). `approve` gets the plan beforehand, a line each, and throws to stop. Safe to repeat: it
 * continues from what the setting says.
 *
 * @throws {BadUsage} for a user that has no password
 * @throws {Failure} where clients still use the password to be taken away, or a deployment fails
 */
export async function rotatePassword(
  checked: CheckedEnvironment,
  { user, goal, disconnect }: RotateOptions,
  approve: (lines: string[]) => Promise<void>,
): Promise<RotationResult> {
  const known = usersWithPasswords(checked.accounts);
  if (!known.includes(user))
    throw new BadUsage(
      `--user ${user} is not a user with a password of environment ${checked.name}; ${suggestKnown(user, known)}`,
    );
  return withEnvironmentLock(checked.name, `rotation of the password of ${user}`, async () => {
    const setting = new StackSetting<Passwords>(checked.stacks.identity, `${checked.project.name}:passwords`, user);
    const steps = stepsOf(setting.read() ?? firstPassword, goal);
    await refuseRestarts(checked);
    await approve(steps.map(({ does }, index) => `${index + 1}. ${does}`));
    for (const step of steps) {
      if (step.unused !== undefined && !disconnect) await refuseUsed(checked, user, step.unused, goal);
      logProgress(step.does);
      const isFirst = step.setting.accepted.length === 1 && step.setting.given === firstPassword.given;
      setting.write(isFirst ? undefined : step.setting);
      await bringUp(checked, user);
      if (step.unused !== undefined && disconnect) await closeThoseWith(checked, user, step.unused);
    }
    const { accepted, given } = steps.at(-1)!.setting;
    const other = accepted.find((generation) => generation !== given);
    return {
      login: loginOfUser(user, given),
      ...(other !== undefined && {
        behind: { login: loginOfUser(user, other), clients: await clientsWith(checked, user, other) },
      }),
      settingFile: setting.file,
    };
  });
}

function stepsOf(now: Passwords, goal: Goal): RotationStep[] {
  try {
    return rotationSteps(now, goal);
  } catch (error) {
    throw new Failure((error as Error).message);
  }
}

const loginOfUser = (user: string, generation: number): string =>
  loginOfGeneration(loginOf(...(user.split("/") as [string, string])), generation);

/** The clients of all regions that log in with a password of a generation. */
async function clientsWith(checked: CheckedEnvironment, user: string, generation: number): Promise<ClientOfLogin[]> {
  const system = await connectToSystem(await readAccess(checked));
  try {
    return await clientsOf(system, loginOfUser(user, generation), serverNames(checked.environment));
  } catch (error) {
    throw new Failure(
      `which clients use the password is not known: ${(error as Error).message}. Nothing was taken away; ` +
        "run the command again once all servers answer",
    );
  } finally {
    await system.close();
  }
}

/** Servers close clients whose password is gone. About those by token they would ask only when the login expires. */
async function closeThoseWith(checked: CheckedEnvironment, user: string, generation: number): Promise<void> {
  const system = await connectToSystem(await readAccess(checked));
  try {
    await closeClients(
      system,
      await clientsOf(system, loginOfUser(user, generation), serverNames(checked.environment)),
    );
  } catch (error) {
    throw new Failure(
      `${user} cannot log in as ${loginOfUser(user, generation)} any more, but clients that are connected may go on: ` +
        `${(error as Error).message}. Restart those clients, or end their connections by hand`,
    );
  } finally {
    await system.close();
  }
}

async function refuseUsed(checked: CheckedEnvironment, user: string, generation: number, goal: Goal): Promise<void> {
  const clients = await clientsWith(checked, user, generation);
  if (clients.length === 0) return;
  throw new Failure(
    [
      `${plural(clients.length, "client")} of ${user} still logged in as ${loginOfUser(user, generation)}:`,
      ...clients.map(clientLine),
      `Give them the other password, then run the command again with --${goal}; ` +
        `with --disconnect too, they are refused from then on. Nothing was taken away.`,
    ].join("\n"),
  );
}

/** A client as an operator finds it: its own name, address and server. */
export const clientLine = ({ name, address, server, since }: ClientOfLogin): string =>
  `  ${name || "(without a name)"} from ${address} on ${server}, since ${since}`;

/** The identity stack makes passwords, region stacks give them to servers, then to clients. */
async function bringUp(checked: CheckedEnvironment, user: string): Promise<void> {
  const { name: environment, stacks, environment: settings } = checked;
  const runner = new StackRunner(checked);
  await runner.up(stacks.identity, "identity");
  const upRegion = async (region: string) => {
    await runner.up(stackName({ environment, kind: "region", region }), "region");
  };
  const [account, name] = user.split("/") as [string, string];
  // The auth callout's service restarts with the tokens: while that of one region does, those of others answer.
  if (checked.accounts[account]?.users[name]?.login === "token")
    for (const region of settings.regions) {
      await upRegion(region);
      await untilCalloutIsReady(checked, region);
    }
  else await together(settings.regions, upRegion);
  if (account === systemAccount.name || name === provisioner)
    await together(stacks.jetstream, async (stack) => void (await runner.up(stack, "jetstream")));
}

/** A rotation is no reason to restart a server. */
async function refuseRestarts(checked: CheckedEnvironment): Promise<void> {
  const restarting = restartingRegions(checked, await deployedRegions(checked));
  if (restarting.length)
    throw new Failure(
      "the settings differ from what is deployed, so bringing the new password to the servers would restart or start " +
        `them: ${restartLines(restarting).join("; ")}. Deploy first. Nothing was done.`,
    );
}
