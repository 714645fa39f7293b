import * as fs from "node:fs/promises";
import type { LocalServerInputs } from "../layout";
import { writeAll } from "./files";
import { monitorOf, varz } from "./monitor";
import { type ProcessIdentity, signal } from "./process";
import { filesOf, folderOf, inFolder, type ServerName, type ServerRecord, stateOf, writeRecord } from "./record";
import { type ReloadOutcome, reloadOutcome } from "./reload-outcome";
import { pollUntil } from "../../../config/poll-until";

const deadline = 15_000;

/**
 * Writes the new files and reloads the server. Returns why it rejected them; undefined when it runs with them.
 *
 * @param record what is recorded; where this is killed, the record shows what the server may run with
 */
export async function reload(
  wanted: LocalServerInputs,
  version: string,
  process: ProcessIdentity,
  record: ServerRecord,
): Promise<string | undefined> {
  const applied = stateOf(wanted, version);
  await writeRecord(wanted, { ...record, reloading: applied });
  await writeAll(folderOf(wanted), filesOf(wanted));
  const { rejection, digest } = await hangUp(wanted, process);
  if (!rejection) await writeRecord(wanted, { applied, process, digest });
  return rejection;
}

/** Makes a running server reload its files (SIGHUP) and waits for the outcome; no answer within 15 s is a rejection. */
export async function hangUp(
  server: ServerName & Pick<LocalServerInputs, "config">,
  process: ProcessIdentity,
): Promise<ReloadOutcome> {
  const monitor = monitorOf(server, server.config);
  const log = inFolder(server, "log");
  const loaded = (await varz(monitor))?.config_load_time;
  const logged = (await fs.stat(log).catch(() => undefined))?.size ?? 0;
  signal(process.pid, "SIGHUP");
  const outcome = await pollUntil(
    async () => reloadOutcome(loaded, await varz(monitor), await textFrom(log, logged)),
    deadline,
  );
  return outcome ?? { rejection: `no answer to SIGHUP within ${deadline / 1000} s` };
}

async function textFrom(file: string, start: number): Promise<string> {
  const content = await fs.readFile(file).catch(() => Buffer.alloc(0));
  return content.subarray(start).toString();
}
