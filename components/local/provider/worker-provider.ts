import type { dynamic } from "@pulumi/pulumi";
import { logProgress } from "../../log-progress";
import type { LocalWorkerInputs, WorkerName } from "../worker-layout";
import { type Applied, isAsLeft } from "./applied";
import { runningWorker, startWorker, stopWorker } from "./worker-process";
import {
  inputsFingerprint,
  programExists,
  programFingerprint,
  programOf,
  removeWorkerRecord,
  type WorkerRecord,
} from "./worker-record";

/** What the engine keeps of a worker. Nothing secret but `applied`. */
interface Outputs extends WorkerName, Applied, Pick<LocalWorkerInputs, "system" | "worker" | "grace"> {
  /** URL of its health server. */
  health: string;
  /** URL of what it serves. */
  url?: string;
}

const idOf = ({ environment, region, name }: WorkerName): string => `${environment}/${region}/workers/${name}`;

/** Workers of this machine as the engine sees them. */
export const workerProvider = {
  check(_olds: unknown, inputs: LocalWorkerInputs): Promise<dynamic.CheckResult<LocalWorkerInputs>> {
    const failures = programExists(inputs.system) ? [] : [{ property: "system", reason: missingProgram(inputs) }];
    return Promise.resolve({ inputs, failures });
  },

  /**
   * The engine compares inputs with those that it kept; this adds what they do not show: a worker that died, its code,
   * and a change that the engine did not keep.
   */
  async diff(id: string, olds: Outputs, news: LocalWorkerInputs): Promise<dynamic.DiffResult> {
    const running = await runningWorker(olds);
    const isOld = running !== undefined && running.program !== (await programFingerprint(news.system));
    if (isOld) logProgress(`${news.name}: its code or its .env changed: the worker is restarted`);
    return {
      changes: !running || isOld || !isAsLeft(olds, running.inputs) ? true : undefined,
      replaces: id === idOf(news) ? [] : ["name"],
      deleteBeforeReplace: true,
    };
  },

  async create(inputs: LocalWorkerInputs): Promise<dynamic.CreateResult<Outputs>> {
    return { id: idOf(inputs), outs: await ensure(inputs) };
  },

  async update(_id: string, _olds: Outputs, inputs: LocalWorkerInputs): Promise<dynamic.UpdateResult<Outputs>> {
    return { outs: await ensure(inputs) };
  },

  /** A worker that does not run is reported as deleted: the next `up` starts it again. */
  async read(id: string, known: Outputs): Promise<dynamic.ReadResult<Outputs>> {
    return (await runningWorker(known)) ? { id, props: known } : {};
  },

  async delete(_id: string, outputs: Outputs): Promise<void> {
    const running = await runningWorker(outputs);
    if (running) await stopWorker(running, outputs.grace);
    removeWorkerRecord(outputs);
  },
};

const missingProgram = ({ system, worker, account }: LocalWorkerInputs): string =>
  `${programOf(system)} does not exist, so worker ${worker} of ${account} cannot run; write it, ` +
  `or name another folder of workers/ in tenants.${account}.workers.${worker}.system`;

/** Brings one worker to the wanted state, from any state: absent, dead, or running with other settings or code. */
async function ensure(inputs: LocalWorkerInputs): Promise<Outputs> {
  const running = await runningWorker(inputs);
  const isCurrent =
    running?.inputs === inputsFingerprint(inputs) && running.program === (await programFingerprint(inputs.system));
  if (running && !isCurrent) await stopWorker(running, inputs.grace);
  return outputsOf(inputs, running && isCurrent ? running : await startWorker(inputs, running));
}

function outputsOf(inputs: LocalWorkerInputs, { healthPort, port, inputs: applied }: WorkerRecord): Outputs {
  const { environment, region, name, system, worker, grace } = inputs;
  return {
    ...{ environment, region, name, system, worker, grace },
    health: `http://127.0.0.1:${healthPort}`,
    applied,
    ...(port !== undefined && { url: `http://127.0.0.1:${port}` }),
  };
}
