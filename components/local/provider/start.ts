import { spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import { addressesOf, type LocalServerInputs } from "../layout";
import { natsServer } from "./binary";
import { read, remove, write, writeAll } from "./files";
import { isServing, varz } from "./monitor";
import { refuseTakenPorts } from "./ports";
import { isAlive, type ProcessIdentity } from "./process";
import { filesOf, folderOf, inFolder, type ServerName, stateOf, writeRecord } from "./record";
import { endAtOnce } from "./stop";
import { pollUntil } from "../../../config/poll-until";
import { startOf } from "../../../tools/processes.mjs";

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
  const process = await launch(wanted);
  await writeRecord(wanted, { applied: stateOf(wanted, version), process });
  try {
    await settle(wanted, version, process);
  } catch (error) {
    // A server that did not come up would otherwise keep running without a resource.
    await endAtOnce(process);
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
    throw new Error(
      `${wanted.name} ${problem}; fix what its log reports and run this again. ${await endOfLog(wanted)}`,
    );
  }
  await writeRecord(wanted, {
    applied: stateOf(wanted, version),
    process,
    digest: (await varz(monitor))?.config_digest,
  });
}

/** Starts the process detached, with no inherited descriptors: it outlives this run and its terminal. */
async function launch(server: LocalServerInputs): Promise<ProcessIdentity> {
  const logFile = inFolder(server, "log");
  await fs.rename(logFile, `${logFile}.1`).catch(() => undefined);
  const log = await fs.open(logFile, "a", 0o600);
  try {
    const child = spawn(natsServer(server.program), ["-c", inFolder(server, "config")], {
      cwd: folderOf(server),
      env: { PATH: process.env.PATH },
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    child.unref();
    return { pid: child.pid!, startTime: startOf(child.pid!) || "ended" };
  } finally {
    await log.close();
  }
}

async function endOfLog(server: ServerName): Promise<string> {
  const log = inFolder(server, "log");
  const lines = ((await read(log)) ?? "").trimEnd().split("\n").slice(-8);
  return `The end of ${log}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
