import { fingerprint, changedOnDisk, read } from "./files";
import { natsConf } from "../../supercluster/nats-conf";
import { files } from "../layout";
import { natsServer, versionOf } from "./binary";
import { varz } from "./monitor";
import { commandLine, isAlive, type ProcessIdentity, startTime } from "./process";
import { folderOf, inFolder, readRecord, type ServerName, type ServerRecord } from "./record";

/** A running server of this project. */
export interface Running {
  process: ProcessIdentity;
  record?: ServerRecord;
}

/** The running process of a server; undefined for another process that only has its pid or its port. */
export async function observe(server: ServerName): Promise<Running | undefined> {
  const record = await readRecord(server);
  const identity = record?.process ?? (await fromPidFile(server));
  if (!identity || !(await isAlive(identity)) || !(await isOurs(server, identity))) return undefined;
  return { process: identity, record };
}

/** Falls back to the server's own pid file, for a run that was killed before it could record what it had started. */
async function fromPidFile(server: ServerName): Promise<ProcessIdentity | undefined> {
  const pid = Number(await read(inFolder(server, "pid")));
  const started = pid ? await startTime(pid) : undefined;
  return started ? { pid, startTime: started } : undefined;
}

const isOurs = async (server: ServerName, { pid }: ProcessIdentity): Promise<boolean> =>
  (await commandLine(pid)).endsWith(`-c ${inFolder(server, "config")}`);

/** Something about a running server that is not as it was left. */
export interface Drift {
  /** To be read after the server's name. */
  what: string;
  /** Whether only a restart puts it right, because it is not known what the server runs with. */
  restart: boolean;
}

/** What others did to a running server: to its files, its configuration in force, the installed program. */
export async function driftOf(server: ServerName, { record }: Running): Promise<Drift[]> {
  if (!record) return [{ what: "its record is gone", restart: true }];
  const { applied, digest, stopping } = record;
  const changed = await changedOnDisk(folderOf(server), {
    ...applied.files,
    [files.config]: fingerprint(natsConf(applied.config)),
  });
  const inForce = await varz(`http://${applied.config.http}`);
  const installed = await versionOf(natsServer());
  const drift: [found: boolean, what: string, restart: boolean][] = [
    [changed.length > 0, `changed on disk: ${changed.join(", ")}`, false],
    [!inForce, "it does not answer", true],
    [
      inForce !== undefined && digest !== undefined && inForce.config_digest !== digest,
      "it runs with another configuration",
      true,
    ],
    [stopping ?? false, "it was being stopped", true],
    [installed !== applied.version, `version ${applied.version} runs, ${installed} is installed`, false],
  ];
  return drift.flatMap(([found, what, restart]) => (found ? [{ what, restart }] : []));
}
