import { fingerprint, changedOnDisk, read } from "./files";
import { natsConf } from "../../supercluster/nats-conf";
import { files, type LocalServerInputs } from "../layout";
import { type Applied, isAsLeft } from "./applied";
import { natsServer, versionOf } from "./binary";
import { type Drift, driftOf } from "./drift";
import { monitorOf, varz } from "./monitor";
import { startOf } from "../../../tools/processes.mjs";
import { commandLine, isAlive, type ProcessIdentity } from "./process";
import { fingerprintOf, folderOf, inFolder, readRecord, type ServerName, type ServerRecord } from "./record";

/** A running server of this project. */
export interface Running {
  process: ProcessIdentity;
  record?: ServerRecord;
}

/** The running process of a server; undefined for another process that only has its pid or its port. */
export async function observe(server: ServerName): Promise<Running | undefined> {
  const record = await readRecord(server);
  const identity = record?.process ?? (await fromPidFile(server));
  if (!identity || !isAlive(identity) || !(await isOurs(server, identity))) return undefined;
  return { process: identity, record };
}

/** Falls back to the server's own pid file, for a run that was killed before it could record what it had started. */
async function fromPidFile(server: ServerName): Promise<ProcessIdentity | undefined> {
  const pid = Number(await read(inFolder(server, "pid")));
  const startTime = pid ? startOf(pid) : "";
  return startTime ? { pid, startTime } : undefined;
}

const isOurs = async (server: ServerName, { pid }: ProcessIdentity): Promise<boolean> =>
  (await commandLine(pid)).endsWith(`-c ${inFolder(server, "config")}`);

/**
 * What changed about a running server without the engine's knowledge. A server without a record can only be restarted.
 *
 * @param server with `applied`, the fingerprint of what the engine knows it to run with, where it knows one
 */
export async function observeDrift(
  server: ServerName & Pick<LocalServerInputs, "serverVersion"> & Applied,
  { record }: Running,
): Promise<Drift[]> {
  if (!record) return [{ what: "its record is gone", restart: true }];
  const { applied } = record;
  const changedFiles = await changedOnDisk(folderOf(server), {
    ...applied.files,
    [files.config]: fingerprint(natsConf(applied.config)),
  });
  const inForce = await varz(monitorOf(server, applied.config));
  const installed = await versionOf(natsServer({ serverVersion: server.serverVersion }));
  const isKnown = isAsLeft(server, fingerprintOf(applied));
  return driftOf(record, { changedFiles, digest: inForce?.config_digest, installed, isKnown });
}
