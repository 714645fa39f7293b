import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { environmentDir } from "../../config/cache";
import type { Environment } from "../../config/schema/settings";
import { namespaceOf, serversOf } from "../../config/topology";
import { together } from "../../operations/deploy/deploy";
import { contextsDir, prepareFolders } from "../../engine/environment";
import { withEnvironmentLock } from "../../engine/lock";
import { existingStacks } from "../../engine/existing-stacks";
import { BadUsage } from "../../engine/failure";
import { endOrphans } from "../../engine/recovery";
import { type CheckedEnvironment, checkedEnvironment } from "../../operations/settings/checked-environment";
import { StackRunner } from "../../engine/stack-run";
import { logProgress, seconds } from "../../engine/terminal";

export interface StopOptions {
  env: string;
  keepData?: boolean;
  yesDestroy?: string;
}

/** Takes an environment down: its servers only, or everything that it holds. */
export async function stop({ env, keepData = false, yesDestroy }: StopOptions): Promise<void> {
  const started = Date.now();
  const checked = checkedEnvironment(env);
  if (checked.environment.target !== "local") {
    if (keepData)
      throw new BadUsage(
        `--keep-data is for local servers; those of ${env} keep their volumes: Kubernetes does not delete them. Nothing was done.`,
      );
    if (yesDestroy !== env)
      throw new BadUsage(
        `stop would destroy environment ${env}, its streams and its keys; if that is meant: --yes-destroy ${env}`,
      );
  }
  prepareFolders();
  await withEnvironmentLock(env, `stop --env ${env}`, async () => {
    await endOrphans();
    await (keepData ? stopServers(checked) : destroyAll(checked));
  });
  const kept = keepData ? `, its data is kept in ${environmentDir(env)}` : "";
  logProgress(`\n${env} is stopped${kept}, ${seconds(Date.now() - started)} in all`);
  for (const line of leftIn(checked.environment)) logProgress(line);
}

/** What Kubernetes keeps: no volume goes by a command of ours. */
function leftIn(environment: Environment): string[] {
  if (environment.target !== "kubernetes") return [];
  const commands = environment.regions.map((region) => {
    const context = environment.kubernetes.clusters[region]?.context;
    return `  kubectl ${context ? `--context ${context} ` : ""}delete namespace ${namespaceOf(environment, region)}`;
  });
  return [
    "Volumes stay, but the key that they are encrypted with is gone. To give them up, and before this environment is deployed anew:",
    ...commands,
  ];
}

/** Servers go, data, keys and the record of the streams stay: the next start finds them. */
async function stopServers(checked: CheckedEnvironment): Promise<void> {
  const runner = new StackRunner(checked);
  await together(checked.stacks.regions, (stack) => runner.destroy(stack, "region"));
}

/** Removals go from jetstream to regions to identity. */
async function destroyAll(checked: CheckedEnvironment): Promise<void> {
  const { stacks, name, environment } = checked;
  const existing = await existingStacks(checked);
  const runner = new StackRunner(checked);
  const filled = stacks.jetstream.filter((stack) => existing.get(stack) === "deployed");
  const [up, all] = filled.length > 0 && environment.target === "local" ? await serversUp(checked) : [0, 0];
  if (up === all) {
    await together(filled, (stack) => runner.destroy(stack, "jetstream"));
  } else {
    // Nobody can delete the streams of a server that is down; here they go with its data, below.
    logProgress(
      `${up} of ${all} servers answer, so streams cannot be deleted one by one: they go with the servers' data`,
    );
    await together(filled, (stack) => runner.forget(stack, "jetstream"));
  }
  await together(
    stacks.regions.filter((stack) => existing.has(stack)),
    (stack) => runner.destroy(stack, "region"),
  );
  if (existing.has(stacks.identity)) await runner.destroy(stacks.identity, "identity");
  for (const folder of [environmentDir(name), contextsDir(name)]) await rm(folder, { recursive: true, force: true });
}

async function serversUp({ environment }: CheckedEnvironment): Promise<[up: number, all: number]> {
  const servers = environment.regions.flatMap((region) => serversOf(environment, region));
  const answers = await Promise.all(servers.map(({ client }) => accepts(new URL(client))));
  return [answers.filter(Boolean).length, servers.length];
}

function accepts({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: 1_000 });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once("connect", () => done(true))
      .once("error", () => done(false))
      .once("timeout", () => done(false));
  });
}
