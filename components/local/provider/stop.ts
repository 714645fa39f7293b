import { environmentDir } from "../../../config/cache";
import { toMilliseconds } from "../../../config/units";
import { logProgress } from "../../log-progress";
import type { ServerConfig } from "../../supercluster/server-config";
import { files } from "../layout";
import { remove } from "./files";
import { exclusively } from "./lock";
import { hasNoJetstream, monitorOf } from "./monitor";
import { observe, type Running } from "./observe";
import { end, type ProcessIdentity } from "./process";
import { inFolder, type ServerName, writeRecord } from "./record";

const patience = 10_000;

/** SIGINT, because a server in lame duck mode ignores SIGTERM. */
export const endAtOnce = (process: ProcessIdentity): Promise<void> =>
  end(process, ["SIGINT", patience], ["SIGKILL", patience]);

/** Lame duck mode: the server transfers its leaders and closes its clients one by one. */
export async function endGently(
  server: ServerName,
  { lame_duck_duration: duration }: Pick<ServerConfig, "lame_duck_duration">,
  { process, record }: Running,
): Promise<void> {
  if (record) await writeRecord(server, { ...record, stopping: true });
  const lameDuck = toMilliseconds(duration);
  await end(process, ["SIGUSR2", lameDuck + patience], ["SIGINT", patience], ["SIGKILL", patience]);
}

const kept: ReadonlySet<string> = new Set(["data", "keyFingerprint", "log"]);

/** A drained server leaves a region that continues: its clients are moved, and no other server stops meanwhile. */
async function stop(server: ServerName, running: Running): Promise<void> {
  const config = running.record?.applied.config;
  if (!config || !(await hasNoJetstream(monitorOf(server, config)))) return endAtOnce(running.process);
  const task = `${server.name}: stopping`;
  await exclusively(environmentDir(server.environment), task, () => {
    logProgress(`${task}, it is no longer in the settings`);
    return endGently(server, config, running);
  });
}

/** Ends the process, if it runs, and removes its files. The data and the log stay. */
export async function destroy(server: ServerName): Promise<void> {
  const running = await observe(server);
  if (running) await stop(server, running);
  const names = Object.keys(files) as (keyof typeof files)[];
  await Promise.all(names.filter((name) => !kept.has(name)).map((name) => remove(inFolder(server, name))));
}
