import * as path from "node:path";
import { environmentDir } from "../../../config/cache";
import { natsConf } from "../../supercluster/nats-conf";
import type { ServerState } from "../../supercluster/reload";
import { files as names, type LocalServerInputs } from "../layout";
import { type Files, fingerprint, read, write } from "./files";
import type { ProcessIdentity } from "./process";

/** Which server it is; the rest of its inputs may change. */
export type ServerName = Pick<LocalServerInputs, "environment" | "region" | "name">;

/** What is recorded about a server between two runs. No secrets: fingerprints only. */
export interface ServerRecord {
  /** What it was last started or reloaded with. Written first, so that it is known even when the run is killed. */
  applied: ServerState;
  /** Absent while it is being started. */
  process?: ProcessIdentity;
  /** The server's own digest of the configuration in force. */
  digest?: string;
  /** A reload to this has begun: the server runs with this or with `applied`. */
  reloading?: ServerState;
  /** A restart has begun: it may end at any moment. */
  stopping?: boolean;
}

/** Folder of a server: it runs there, and all its files are in it. */
export const folderOf = ({ environment, region, name }: ServerName): string =>
  path.join(environmentDir(environment), region, name);

export const inFolder = (server: ServerName, file: keyof typeof names): string =>
  path.join(folderOf(server), names[file]);

/** Every file that the server reads. */
export const filesOf = ({ config, certificates, secrets }: LocalServerInputs): Files => ({
  [names.config]: natsConf(config),
  ...certificates,
  ...secrets,
});

/** What the server should run with. */
export function stateOf(inputs: LocalServerInputs, version: string): ServerState {
  // The configuration is compared key by key, not as text.
  const { [names.config]: _, ...rest } = filesOf(inputs);
  return {
    config: inputs.config,
    files: Object.fromEntries(Object.entries(rest).map(([name, content]) => [name, fingerprint(content)])),
    version,
  };
}

/** Changes with anything that a server runs with. */
export const fingerprintOf = (state: ServerState): string => fingerprint(JSON.stringify(state));

export async function readRecord(server: ServerName): Promise<ServerRecord | undefined> {
  const text = await read(inFolder(server, "record"));
  return text === undefined ? undefined : (JSON.parse(text) as ServerRecord);
}

export const writeRecord = (server: ServerName, record: ServerRecord): Promise<void> =>
  write(inFolder(server, "record"), `${JSON.stringify(record, null, 2)}\n`);
