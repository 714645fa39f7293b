import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { kubectl, kubectlOnEks } from "../../components/supercluster/kubectl";
import { plural } from "../../config/plural";
import { environmentDir } from "../../config/cache";
import type { Environment } from "../../config/schema/settings";
import { npmRun } from "../../config/command-lines";
import { namespaceOf, serversOf } from "../../config/topology";
import { protectedIn } from "../../engine/backend";
import { contextsDir, stateFolder } from "../../engine/environment";
import { existingStacks } from "../../engine/existing-stacks";
import { BadUsage } from "../../engine/failure";
import { StackRunner } from "../../engine/stack-run";
import { logProgress } from "../../engine/terminal";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { together } from "./deploy";

export interface StopRequest {
  /** Stop the servers only; data, keys and stacks' records stay. */
  keepData: boolean;
  /** Name of the environment, as confirmation. */
  yesDestroy?: string;
}

/** Why an environment must not be stopped like this; undefined: it may. Local ones need no confirmation. Pure. */
export function refusalOfStop(
  { name, environment }: { name: string; environment: Pick<Environment, "target"> },
  { keepData, yesDestroy }: StopRequest,
): string | undefined {
  if (environment.target === "local") return undefined;
  if (keepData)
    return (
      `--keep-data is for local servers; those of ${name} keep their volumes: ` +
      "Kubernetes does not delete them. Nothing was done."
    );
  if (yesDestroy !== name)
    return (
      `stop would destroy environment ${name}, its streams and its keys; ` +
      `to confirm, pass --yes-destroy ${name}. Nothing was done.`
    );
  return undefined;
}

/** Why a local environment with these retained streams must not be deleted; undefined: it may. Pure. */
export const refusalOfDeletion = (environment: string, retained: string[]): string | undefined =>
  retained.length
    ? `stop would delete what deletionPolicy "retain" keeps: ${[...retained].sort().join(", ")}. ` +
      `To keep all data, run: ${npmRun("stop", environment, ["--keep-data"])}. ` +
      'To delete it, deploy it with deletionPolicy: "delete" first. Nothing was done.'
    : undefined;

/** @throws {BadUsage} where it must not be stopped like this. */
export function assertMayStop(checked: CheckedEnvironment, request: StopRequest): void {
  const { environment, stacks, project } = checked;
  const isDeleted = environment.target === "local" && !request.keepData;
  const retained = isDeleted
    ? stacks.jetstream.flatMap((stack) => protectedIn(stateFolder(), project.name, stack))
    : [];
  const refusal = refusalOfStop(checked, request) ?? refusalOfDeletion(checked.name, retained);
  if (refusal) throw new BadUsage(refusal);
}

/** What Kubernetes keeps after a destroy, and how to delete it: this program never deletes a volume. Pure. */
export function remainingVolumes(environment: Environment): string[] {
  if (environment.target !== "kubernetes") return [];
  const commands = environment.regions.map((region) => {
    const deletion = `delete namespace ${namespaceOf(environment, region)}`;
    const aws = environment.aws?.regions[region];
    return aws?.cluster
      ? `  ${kubectlOnEks({ ...aws, name: aws.cluster.name }, deletion)}`
      : `  ${kubectl(environment.kubernetes.clusters[region]!, deletion)}`;
  });
  return [
    "Volumes are kept, but the key that encrypts them is deleted.",
    "Delete them before this environment is deployed again:",
    ...commands,
  ];
}

/** Stops local servers. Data, keys and the jetstream stacks stay, so that the next `npm start` continues with them. */
export async function stopServers(checked: CheckedEnvironment): Promise<void> {
  const runner = new StackRunner(checked);
  await together(checked.stacks.regions, (stack) => runner.destroy(stack, "region"));
}

/** Destroys every stack, jetstream first, then regions, then identity, and deletes the environment's local files. */
export async function destroy(checked: CheckedEnvironment): Promise<void> {
  const { stacks, name, environment } = checked;
  const existing = await existingStacks(checked);
  const runner = new StackRunner(checked);
  const filled = stacks.jetstream.filter((stack) => existing.get(stack) === "deployed");
  const [up, all] = filled.length > 0 && environment.target === "local" ? await serversUp(environment) : [0, 0];
  if (up === all) {
    await together(filled, (stack) => runner.destroy(stack, "jetstream"));
  } else {
    // A server that is down deletes no stream; the data of local ones is deleted below.
    logProgress(
      `${up} of ${plural(all, "server")} answer, so streams cannot be deleted one by one: ` +
        "they are deleted with the servers' data",
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

async function serversUp(environment: Environment): Promise<[up: number, all: number]> {
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
