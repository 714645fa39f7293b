import { addressesOf, type LocalServerInputs } from "../layout";
import { natsServer } from "./binary";
import { remove, write, writeAll } from "./files";
import { failedStart, launch } from "./launch";
import { isServing, varz } from "./monitor";
import { refuseTakenPorts } from "./ports";
import { isAlive, type ProcessIdentity } from "./process";
import { filesOf, folderOf, inFolder, stateOf, writeRecord } from "./record";
import { endAtOnce } from "./stop";
import { pollUntil } from "../../../config/poll-until";

const servingDeadline = 30_000;

/**
 * Starts a server that does not run, with all its files, and waits until it serves.
 *
 * @throws when a port is taken, or it does not serve within 30 s
 */
export async function start(wanted: LocalServerInputs, version: string): Promise<void> {
  await refuseTakenPorts(wanted.name, wanted.environment, addressesOf(wanted.config));
  await writeAll(folderOf(wanted), filesOf(wanted));
  await write(inFolder(wanted, "keyFingerprint"), `${wanted.jetstreamKeyFingerprint}\n`);
  await remove(inFolder(wanted, "pid"));
  await writeRecord(wanted, { applied: stateOf(wanted, version) });
  const { PATH } = process.env;
  const started = await launch({
    command: natsServer(wanted.program),
    args: ["-c", inFolder(wanted, "config")],
    cwd: folderOf(wanted),
    env: { PATH },
    log: inFolder(wanted, "log"),
  });
  await writeRecord(wanted, { applied: stateOf(wanted, version), process: started });
  try {
    await settle(wanted, version, started);
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
export async function settle(wanted: LocalServerInputs, version: string, process: ProcessIdentity): Promise<void> {
  const monitor = `http://${wanted.config.http}`;
  const state = await pollUntil(async () => {
    if (await isServing(monitor)) return "serving";
    return isAlive(process) ? undefined : "ended";
  }, servingDeadline);
  if (state !== "serving") {
    const problem = state ? "ended while it started" : `did not serve within ${servingDeadline / 1000} s`;
    throw await failedStart(wanted.name, problem, inFolder(wanted, "log"));
  }
  await writeRecord(wanted, {
    applied: stateOf(wanted, version),
    process,
    digest: (await varz(monitor))?.config_digest,
  });
}
