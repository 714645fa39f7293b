import type { WorkerAsset } from "../../config/assets/workers";
import type { Connection } from "../security/connections";

/** Which worker of this machine it is; the rest of its inputs may change. */
export interface WorkerName {
  environment: string;
  region: string;
  /** `<account>-<worker>`: its folder in the region's `workers/`. */
  name: string;
}

/** Inputs of one worker on this machine. */
export interface LocalWorkerInputs extends WorkerName {
  account: string;
  /** Argument of its program. */
  worker: string;
  /** Folder of `workers/` with its program. */
  system: string;
  /** Environment variables, nothing secret. */
  variables: Record<string, string>;
  /** Port that it serves something on, while that is free. */
  port?: number;
  /** Time to finish what it handles when it is stopped, in milliseconds. */
  grace: number;
  /** Its user's connection. Secret. */
  connection: Connection;
  /** Its DATABASE_URL, unless its system's `.env` has another or DATABASE_FOLDER. Secret. Default: none. */
  database?: string;
}

/** A worker on this machine, without its connection. */
export const workerDescription = (
  { environment, region }: { environment: string; region: string },
  { account, name, objectName, system, environment: variables, port, grace }: WorkerAsset,
): Omit<LocalWorkerInputs, "connection" | "database"> => ({
  ...{ environment, region, name: `${account}-${objectName}`, account, worker: name, system, variables, grace },
  ...(port !== undefined && { port }),
});
