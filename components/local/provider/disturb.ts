import { pollUntil } from "../../../config/poll-until";
import { natsConf } from "../../supercluster/nats-conf";
import type { ServerConfig } from "../../supercluster/server-config";
import { write } from "./files";
import { behind, monitorOf } from "./monitor";
import { observe, type Running } from "./observe";
import { end } from "./process";
import { inFolder, readRecord, type ServerName, type ServerRecord, writeRecord } from "./record";
import { hangUp } from "./reload";
import { run } from "./start";
import { endAtOnce, endGently } from "./stop";

/*
 * What a drill does to a local server, and how it is taken back. A server that is not as its settings have it is
 * recorded as one that is being stopped: whatever becomes of the drill, the next `up` restarts it with its settings.
 */

/** Milliseconds for a killed process to be gone, and for a server to be current again. */
const endMs = 10_000;
const currentMs = 120_000;

/** The record of a server that was deployed. */
async function recorded(server: ServerName): Promise<ServerRecord> {
  const record = await readRecord(server);
  if (!record) throw new Error(`${server.name} has no record; deploy its environment: npm start`);
  return record;
}

/** The running process of a server, with its record. Throws where it does not run. */
export async function running(server: ServerName): Promise<Required<Running>> {
  const found = await observe(server);
  if (!found?.record) throw new Error(`${server.name} does not run; deploy its environment: npm start`);
  return { process: found.process, record: found.record };
}

/** Ends a server as `kill -9` does. */
export async function kill(server: ServerName): Promise<void> {
  await end((await running(server)).process, ["SIGKILL", endMs]);
}

/** Ends a server by lame duck mode, as a deployment does; returns when it has ended. */
export async function stopGently(server: ServerName): Promise<void> {
  const found = await running(server);
  await endGently(server, found.record.applied.config, found);
}

/** Records that a server is not as its settings have it. */
export async function markDisturbed(server: ServerName): Promise<void> {
  await writeRecord(server, { ...(await recorded(server)), stopping: true });
}

/** Restarts a server with a changed configuration, until `restore`; its other files stay. */
export async function restartChanged(server: ServerName, change: (config: ServerConfig) => ServerConfig) {
  const { process, record } = await running(server);
  await markDisturbed(server);
  await endAtOnce(process);
  const config = change(record.applied.config);
  await write(inFolder(server, "config"), natsConf(config));
  await run({ ...server, config }, record.applied);
  // `run` recorded what runs as what is wanted.
  await writeRecord(server, { ...(await recorded(server)), digest: record.digest, stopping: true });
}

/** Reloads a server with a changed configuration, until `reloadUnchanged`. Throws where the server rejects it. */
export async function reloadChanged(server: ServerName, change: (config: ServerConfig) => ServerConfig): Promise<void> {
  const { process, record } = await running(server);
  await markDisturbed(server);
  await reload(server, change(record.applied.config), process);
}

/** Reloads a server with the configuration that it was deployed with. */
export async function reloadUnchanged(server: ServerName): Promise<void> {
  const { process, record } = await running(server);
  const digest = await reload(server, record.applied.config, process);
  await writeRecord(server, { applied: record.applied, process, digest });
}

async function reload(server: ServerName, config: ServerConfig, process: Running["process"]) {
  await write(inFolder(server, "config"), natsConf(config));
  const { rejection, digest } = await hangUp({ ...server, config }, process);
  if (rejection) throw new Error(`${server.name} does not reload: ${rejection}`);
  return digest;
}

/**
 * Brings servers back to what they were deployed with: starts those that do not run, at once, and restarts those that
 * are recorded as changed, each once the one before it is current again. The others are left alone.
 *
 * @throws where one does not serve within 30 s, or is not current within 2 min
 */
export async function restore(servers: readonly ServerName[]): Promise<void> {
  const states = await Promise.all(servers.map(async (server) => ({ server, found: await observe(server) })));
  await Promise.all(states.filter(({ found }) => !found).map(({ server }) => startUnchanged(server)));
  for (const { server, found } of states.filter((state) => state.found?.record?.stopping)) {
    await endAtOnce(found!.process);
    await startUnchanged(server);
    await current(server);
  }
}

async function startUnchanged(server: ServerName): Promise<void> {
  const { applied } = await recorded(server);
  await write(inFolder(server, "config"), natsConf(applied.config));
  await run({ ...server, config: applied.config }, applied);
}

/** Waits until a server and all that it holds are current. */
export async function current(server: ServerName): Promise<void> {
  const { config } = (await recorded(server)).applied;
  let reason: string | undefined;
  const isCurrent = async () => (reason = await behind(monitorOf(server, config))) === undefined;
  if (await pollUntil(isCurrent, currentMs, 200)) return;
  throw new Error(`${server.name} is not current after ${currentMs / 1_000} s: ${reason}`);
}
