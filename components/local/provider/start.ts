import type { ServerState } from "../../supercluster/reload";
import { addressesOf, type LocalServerInputs } from "../layout";
import { natsServer } from "./binary";
import { remove, write, writeAll } from "./files";
import { failedStart, launch } from "./launch";
import { isServing, monitorOf, varz } from "./monitor";
import { refuseTakenPorts } from "./ports";
import { isAlive, type ProcessIdentity } from "./process";
import { filesOf, folderOf, inFolder, type ServerName, stateOf, writeRecord } from "./record";
import { endAtOnce } from "./stop";
import { pollUntil } from "../../../config/poll-until";

const servingDeadline = 30_000;

/** A server that is started: which one, where it serves, and of which program. */
type Startable = ServerName & Pick<LocalServerInputs, "config" | "program">;

/**
 * Starts a server that does not run, with all its files, and waits until it serves.
 *
 * @throws when a port is taken, or it does not serve within 30 s
 */
export async function start(wanted: LocalServerInputs, version: string): Promise<void> {
  await refuseTakenPorts(wanted.name, wanted.environment, addressesOf(wanted.config));
  await writeAll(folderOf(wanted), filesOf(wanted));
  await write(inFolder(wanted, "keyFingerprint"), `${wanted.jetstreamKeyFingerprint}\n`);
  await run(wanted, stateOf(wanted, version));
}

/**
 * Starts a server that does not run from its files as they are.
 *
 * @param applied what its files say
 * @throws when it does not serve within 30 s
 */
export async function run(server: Startable, applied: ServerState): Promise<void> {
  await remove(inFolder(server, "pid"));
  await writeRecord(server, { applied });
  const { PATH } = process.env;
  const started = await launch({
    command: natsServer({ program: server.program, serverVersion: applied.version }),
    args: ["-c", inFolder(server, "config")],
    cwd: folderOf(server),
    env: { PATH },
    log: inFolder(server, "log"),
  });
  await writeRecord(server, { applied, process: started });
  try {
    await settle(server, applied, started);
  } catch (error) {
    // A server that did not come up would otherwise keep running without a resource.
    await endAtOnce(started);
    throw error;
  }
}

/**
 * Waits until a server serves, then records what it runs with.
 *
 * @throws with the end of its log, when it does not serve within 30 s
 */
export async function settle(server: Startable, applied: ServerState, process: ProcessIdentity): Promise<void> {
  const monitor = monitorOf(server, server.config);
  const state = await pollUntil(async () => {
    if (await isServing(monitor)) return "serving";
    return isAlive(process) ? undefined : "ended";
  }, servingDeadline);
  if (state !== "serving") {
    const problem = state ? "ended while it started" : `did not serve within ${servingDeadline / 1000} s`;
    throw await failedStart(server.name, problem, inFolder(server, "log"));
  }
  await writeRecord(server, { applied, process, digest: (await varz(monitor))?.config_digest });
}
