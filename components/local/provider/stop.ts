import { toMilliseconds } from "../../../config/units";
import { files, type LocalServerInputs } from "../layout";
import { remove } from "./files";
import { observe, type Running } from "./observe";
import { end, type ProcessIdentity } from "./process";
import { inFolder, type ServerName, writeRecord } from "./record";

const patience = 10_000;

/** SIGINT, because a server in lame duck mode ignores SIGTERM. */
export const endAtOnce = (process: ProcessIdentity): Promise<void> =>
  end(process, ["SIGINT", patience], ["SIGKILL", patience]);

/** Lame duck mode: the server transfers its leaders and closes its clients one by one. */
export async function endGently(server: LocalServerInputs, { process, record }: Running): Promise<void> {
  if (record) await writeRecord(server, { ...record, stopping: true });
  const lameDuck = toMilliseconds(server.config.lame_duck_duration);
  await end(process, ["SIGUSR2", lameDuck + patience], ["SIGINT", patience], ["SIGKILL", patience]);
}

const kept: ReadonlySet<string> = new Set(["data", "keyFingerprint", "log"]);

/** Ends the process, if it runs, and removes its files. The data and the log stay. */
export async function destroy(server: ServerName): Promise<void> {
  const running = await observe(server);
  if (running) await endAtOnce(running.process);
  const names = Object.keys(files) as (keyof typeof files)[];
  await Promise.all(names.filter((name) => !kept.has(name)).map((name) => remove(inFolder(server, name))));
}
