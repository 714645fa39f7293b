import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { backendUrlOf, pulumiEnvironment } from "../engine/environment";
import { connectionSettings } from "../tests/support/deployed";
import { startSupercluster, type Supercluster } from "../tests/support/nats";
import { copyProject } from "../tests/support/project-copy";
import { type LoggedRequest, RequestLog } from "../tests/support/request-log";
import { type Assets, type BenchStack, floorProvider, program, stacks } from "./assets";
import { processorSeconds } from "./processor-time";

/** What one command, or the raw calls that replace it, took. */
export interface Measured {
  seconds: number;
  requests: LoggedRequest[];
  /** Processor time of the command and all that it started; undefined where the system does not count it. */
  processor?: number;
  /** Most resident memory of the provider process, in bytes. */
  peak?: number;
}

export const phases = { create: ["up"], "no-op": ["up"], refresh: ["up", "--refresh"], destroy: ["destroy"] };
export type Phase = keyof typeof phases;

/**
 * A copy of the project whose program declares the assets, and a supercluster to deploy them to. Its stack `floor` has
 * as many resources of a provider that does nothing: what the engine takes by itself.
 */
export interface BenchProject {
  cluster: Supercluster;
  run(phase: Phase, checkpoints: boolean, stack?: BenchStack): Measured;
  /** Size of a stack's state. */
  stateBytes(stack: BenchStack): number;
  stop(): Promise<void>;
}

export async function startProject(assets: Assets): Promise<BenchProject> {
  // Both before the cluster starts, which moves the cache.
  const copy = copyProject();
  const environments = {
    true: pulumiEnvironment({ target: "local" }),
    false: pulumiEnvironment({ target: "local" }, "jetstream"),
  };
  // One server alone has no meta group: with one replica, the second server only votes.
  const layout =
    assets.replicas === 1
      ? { regions: ["iad", "ams"], servers: 1 as const }
      : { regions: ["iad"], servers: 3 as const };
  const cluster = await startSupercluster({
    ...layout,
    settings: { storage: { file: "10GiB", memory: "64MiB" } },
  });
  const log = new RequestLog();
  const stop = async () => {
    copy.remove();
    log.remove();
    await cluster.stop();
  };

  const state = path.join(copy.cache, "state");
  const pulumi = (args: string[], checkpoints: boolean, stack: BenchStack): Measured => {
    log.take();
    const [started, processor] = [performance.now(), processorSeconds()];
    const { status, stdout, stderr } = spawnSync("pulumi", [...args, "--stack", stack, "--non-interactive"], {
      cwd: copy.folder,
      encoding: "utf8",
      maxBuffer: 64 * 1024 ** 2,
      env: { ...environments[`${checkpoints}`], PULUMI_BACKEND_URL: backendUrlOf(state), ...log.env },
    });
    const seconds = (performance.now() - started) / 1000;
    if (status !== 0) throw new Error(`pulumi ${args.join(" ")} failed:\n${stdout.slice(-2000)}\n${stderr}`);
    return {
      ...{ seconds, requests: log.take(), peak: log.takePeak() },
      processor: processor === undefined ? undefined : processorSeconds()! - processor,
    };
  };

  try {
    fs.mkdirSync(state);
    for (const stack of fs.globSync(path.join(copy.folder, "Pulumi.*.yaml"))) fs.rmSync(stack);
    fs.writeFileSync(
      path.join(copy.folder, "index.ts"),
      program(assets, connectionSettings(cluster, { owner: "supercluster/bench" })),
    );
    const provider = path.join(copy.folder, floorProvider.file);
    fs.mkdirSync(path.dirname(provider));
    fs.writeFileSync(provider, floorProvider.source);
    for (const stack of Object.values(stacks)) pulumi(["stack", "init", "--no-select"], true, stack);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    cluster,
    run: (phase, checkpoints, stack = stacks.assets) =>
      pulumi([...phases[phase], "--yes", "--skip-preview"], checkpoints, stack),
    stateBytes(stack) {
      const isIt = (file: string) =>
        file.endsWith(`${stack}.json`) && path.basename(path.dirname(path.dirname(file))) === "stacks";
      return fs.statSync(path.join(state, fs.readdirSync(state, { recursive: true, encoding: "utf8" }).find(isIt)!))
        .size;
    },
    stop,
  };
}
