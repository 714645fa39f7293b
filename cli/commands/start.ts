import { type Access, readAccess } from "../access";
import { endOrphans } from "../recovery";
import { prepareFolders } from "../environment";
import { withEnvironmentLock } from "../environment-lock";
import { BadUsage } from "../failure";
import { type CheckedEnvironment, checkedEnvironment } from "../settings";
import { StackRunner } from "../stack-run";
import { renderStatus } from "../supercluster/status-table";
import { refuseLocalState } from "../state-safety";
import { print, say, seconds } from "../terminal";
import { verifySupercluster } from "./verify";

export interface StartOptions {
  env: string;
  allowLocalState?: boolean;
}

/** Brings an environment up, shows it and proves that it works. */
export async function start({ env, allowLocalState }: StartOptions): Promise<void> {
  const started = Date.now();
  const checked = checkedEnvironment(env);
  refuseUnsupported(checked, allowLocalState);
  prepareFolders();
  await withEnvironmentLock(env, `start --env ${env}`, async () => {
    await report(checked, await deploy(checked));
  });
  say(`\n${env} is up and verified, ${seconds(Date.now() - started)} in all`);
}

/** Refuses what cannot be deployed from here, before anything is done. */
export function refuseUnsupported({ name, environment, stacks, project }: CheckedEnvironment, allowLocalState = false): void {
  if (environment.target === "local") return;
  if (!allowLocalState) refuseLocalState(name, [stacks.identity, ...stacks.regions, ...stacks.jetstream], project);
  throw new BadUsage(
    `environment ${name} has target ${environment.target}, which this command does not deploy yet. Its settings are valid; nothing was done.\n` +
      `Bring its stacks up by hand, in this order: ${[stacks.identity, ...stacks.regions, ...stacks.jetstream].map((stack) => `pulumi up --stack ${stack}`).join("; ")}`,
  );
}

/** Additions go from identity to regions to jetstream: each needs what is before it. */
async function deploy(checked: CheckedEnvironment): Promise<Access> {
  const { stacks } = checked;
  await endOrphans();
  const runner = new StackRunner(checked);
  await runner.up(stacks.identity, "identity");
  await together(stacks.regions, (stack) => runner.up(stack, "region"));
  const access = readAccess(checked);
  // Its failure counts when the stacks are through.
  access.catch(() => undefined);
  await together(stacks.jetstream, (stack) => runner.up(stack, "jetstream"));
  return access;
}

/** All side by side; when some fail, every failure is told, once all have ended. */
export async function together<T>(items: T[], action: (item: T) => Promise<void>): Promise<void> {
  const failures = (await Promise.allSettled(items.map(action))).flatMap((result) => (result.status === "rejected" ? [result.reason as Error] : []));
  for (const { message } of failures.slice(0, -1)) say(message);
  if (failures.length > 0) throw failures.at(-1)!;
}

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
